import { createRoute, z } from "@hono/zod-openapi";
import { listRuntimeEvents } from "#app";
import {
  correctUsage,
  getUsage,
  INTERVALS,
  listPlans,
  monthOf,
  type Period,
  quotaSnapshot,
  seriesCsv,
  usageOfRun,
  usageSeries,
} from "#billing";
import { validationFailed } from "#platform/errors";
import { COUNTED_METERS, RECORDED_METERS } from "#platform/objects/quota-counter";
import { pageQuerySchema } from "#platform/pages";
import { METERS } from "#platform/schema";
import { inWorkspace, signedIn } from "./access.ts";
import { billedEventSchema, ledgerEventSchema } from "./invoice-schema.ts";
import { byOperator, inBilling } from "./operators.ts";
import { createRouter, dataOf, jsonBody, jsonContent, pageOf, problemResponses } from "./router.ts";
import { inRun } from "./run-access.ts";

const tags = ["Usage"];
const parameters = z.object({ id: z.string() });
const quantity = z.number();

const planSchema = z
  .object({
    code: z.string(),
    name: z.string(),
    currency: z.string(),
    price_minor: z.number().int().openapi({ description: "Price of a month, in minor units of the currency" }),
    limits: z.record(z.enum(METERS), quantity.nullable()).openapi({ description: "Units a month; null is unlimited" }),
    overage_micros: z
      .record(z.string(), quantity)
      .openapi({ description: "Price of a unit above the limit, in millionths of the currency" }),
    backup_days: z.number().int().openapi({ description: "Days for which backups of the workspace's database are kept" }),
  })
  .openapi("Plan");

const usageSchema = z
  .object({
    period_start: z.string(),
    period_end: z.string(),
    totals: z.record(z.enum(METERS), quantity),
    days: z.array(z.object({ day: z.string(), app_id: z.string().nullable(), meter: z.enum(METERS), quantity })),
    points: z
      .array(z.object({ at: z.string(), app_id: z.string().nullable(), meter: z.enum(METERS), quantity }))
      .optional()
      .openapi({ description: "With `interval`: what was used in each hour, day or month (UTC), by its beginning" }),
  })
  .openapi("Usage");

export const meterCountSchema = z.object({
  limit: quantity.nullable().openapi({ description: "Units a period; null is unlimited" }),
  hard: z.boolean().openapi({ description: "Whether nothing is admitted beyond the limit; otherwise that has a price" }),
  used: quantity,
  reserved: quantity.openapi({ description: "Lent out or reserved: neither used nor free yet" }),
});

const quotaSchema = z
  .object({
    period_start: z.string(),
    period_end: z.string(),
    plan: z.string(),
    meters: z
      .partialRecord(z.enum([...COUNTED_METERS, ...RECORDED_METERS]), meterCountSchema)
      .openapi({ description: "Requests and tokens, and what else stops at its limit" }),
  })
  .openapi("Quota");

const runtimeEventSchema = z
  .object({
    id: z.string(),
    app_id: z.string().nullable(),
    run_id: z.string().nullable(),
    type: z.string(),
    payload: z.any().openapi({ description: "What belongs to an event of this type" }),
    occurred_at: z.string(),
  })
  .openapi("RuntimeEvent");

const monthSchema = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, "Give a month such as 2026-01.");

const HOUR_MS = 3_600_000;
/** The longest time that is shown hour by hour. */
const HOURLY_MS = 92 * 24 * HOUR_MS;

const usageQuery = z.object({
  month: monthSchema.optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional().openapi({ description: "Exclusive; without it, now" }),
  interval: z.enum(INTERVALS).optional(),
  meter: z.enum(METERS).optional(),
  app_id: z.string().max(64).optional(),
  group_by: z.enum(["app"]).optional().openapi({ description: "Shows each app by itself in the points" }),
});

const correctionSchema = z.strictObject({
  reference: z
    .string()
    .regex(/^[\w.-]{1,64}$/, "Give 1 to 64 letters, digits, dots, dashes or underscores.")
    .openapi({ description: "Your own name for the correction: sent again, it is the same one" }),
  meter: z.enum(METERS),
  quantity: z.number().int().openapi({ description: "Units to add; negative takes away" }),
  occurred_at: z.iso.datetime({ offset: true }),
  reason: z.string().trim().min(1).max(500),
  app_id: z.string().max(64).optional(),
  run_id: z.string().max(64).optional(),
});

/** The time that is asked about, in whole hours. */
function readPeriod(now: number, { month, from, to, interval }: z.infer<typeof usageQuery>): Period {
  if (from === undefined && to === undefined) return monthOf(month === undefined ? now : Date.parse(`${month}-01T00:00:00Z`));
  if (from === undefined || month !== undefined) {
    throw validationFailed([{ path: "from", code: "invalid_period", message: "Give a month, or from (and to)." }]);
  }
  const periodStart = Math.floor(Date.parse(from) / HOUR_MS) * HOUR_MS;
  const periodEnd = Math.ceil((to === undefined ? now : Date.parse(to)) / HOUR_MS) * HOUR_MS;
  if (periodEnd <= periodStart) throw validationFailed([{ path: "to", code: "invalid_period", message: "Give a time after from." }]);
  if (interval === "hour" && periodEnd - periodStart > HOURLY_MS) {
    throw validationFailed([{ path: "interval", code: "too_many", message: "Hours are shown for 92 days at most: give day or month." }]);
  }
  return { periodStart, periodEnd };
}

function csvResponse(text: string): Response {
  return new Response(text, {
    headers: { "Content-Type": "text/csv; charset=utf-8", "Content-Disposition": 'attachment; filename="usage.csv"' },
  });
}

export const usageRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/billing/plans",
      tags,
      summary: "The plans on offer, cheapest first",
      ...signedIn(),
      responses: { 200: jsonContent(pageOf(planSchema), "All plans"), ...problemResponses },
    }),
    async (c) => c.json({ data: await listPlans(c.get("ctx")), next_cursor: null }, 200),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/usage",
      tags,
      summary: "What the workspace used in a month or between two times",
      description:
        "Totals, and by day, app and meter. With `interval`, also a series of points; then `Accept: text/csv` gives the points as a file. Times are taken to whole hours.",
      ...inBilling("billing:read"),
      request: { params: parameters, query: usageQuery },
      responses: {
        200: {
          description: "The usage",
          content: {
            "application/json": { schema: dataOf(usageSchema) },
            "text/csv": { schema: z.string().openapi({ example: "at,app_id,meter,quantity" }) },
          },
        },
        ...problemResponses,
      },
    }),
    async (c) => {
      const [ctx, workspaceId, query] = [c.get("ctx"), c.get("workspaceId"), c.req.valid("query")];
      const period = readPeriod(ctx.clock.now(), query);
      const asFile = /\btext\/csv\b/.test(c.req.header("Accept") ?? "");
      const interval = query.interval ?? (asFile ? "day" : undefined);
      const { meter, app_id: appId, group_by } = query;
      const points = interval && (await usageSeries(ctx, workspaceId, { ...period, interval, meter, appId, byApp: group_by === "app" }));
      if (points && asFile) return csvResponse(seriesCsv(points));
      const { days, ...usage } = await getUsage(ctx, workspaceId, period);
      return c.json({ data: { ...usage, days: [...days], ...(points && { points }) } }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/usage/corrections",
      tags,
      summary: "Correct what was used, by adding to the ledger (operators)",
      description: "A period that was billed already is adjusted on the next invoice.",
      ...byOperator(),
      request: { params: parameters, body: jsonBody(correctionSchema) },
      responses: { 201: jsonContent(dataOf(ledgerEventSchema), "The correction"), ...problemResponses },
    }),
    async (c) => {
      const { occurred_at, app_id: appId, run_id: runId, ...rest } = c.req.valid("json");
      const correction = { ...rest, occurredAt: Date.parse(occurred_at), appId, runId };
      return c.json({ data: await correctUsage(c.get("ctx"), c.get("workspaceId"), correction) }, 201);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/runs/{id}/usage",
      tags,
      summary: "What a run used, and the lines of invoices on which it was billed",
      ...inRun("billing:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(pageOf(billedEventSchema), "All events of the run"), ...problemResponses },
    }),
    async (c) => c.json({ data: await usageOfRun(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id), next_cursor: null }, 200),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/quota",
      tags,
      summary: "What is left of the current period",
      ...inWorkspace("billing:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(quotaSchema), "The quota"), ...problemResponses },
    }),
    async (c) => c.json({ data: await quotaSnapshot(c.get("ctx"), c.get("workspaceId")) }, 200),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/runtime-events",
      tags,
      summary: "What happened while apps were served, newest first",
      ...inWorkspace("runs:read"),
      request: {
        params: parameters,
        query: pageQuerySchema.extend({ app_id: z.string().optional().openapi({ description: "Only the events of this app" }) }),
      },
      responses: { 200: jsonContent(pageOf(runtimeEventSchema), "A page of events"), ...problemResponses },
    }),
    async (c) => {
      const { app_id: appId, ...page } = c.req.valid("query");
      return c.json(await listRuntimeEvents(c.get("ctx"), c.get("workspaceId"), page, { appId }), 200);
    },
  );
