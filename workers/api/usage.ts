import { createRoute, z } from "@hono/zod-openapi";
import { listRuntimeEvents } from "#app";
import { getUsage, listPlans, monthOf, quotaSnapshot } from "#billing";
import { pageQuerySchema } from "#platform/pages";
import { METERS } from "#platform/schema";
import { inWorkspace, signedIn } from "./access.ts";
import { createRouter, dataOf, jsonContent, pageOf, problemResponses } from "./router.ts";

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
  })
  .openapi("Usage");

const quotaSchema = z
  .object({
    period_start: z.string(),
    period_end: z.string(),
    plan: z.string(),
    meters: z.record(
      z.enum(["requests", "tokens"]),
      z.object({
        limit: quantity.nullable().openapi({ description: "Units a period; null is unlimited" }),
        used: quantity,
        reserved: quantity.openapi({ description: "Lent out: neither used nor free yet" }),
      }),
    ),
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
      summary: "What the workspace used in a month, by day, app and meter",
      ...inWorkspace("billing:read"),
      request: { params: parameters, query: z.object({ month: monthSchema.optional() }) },
      responses: { 200: jsonContent(dataOf(usageSchema), "The usage"), ...problemResponses },
    }),
    async (c) => {
      const [ctx, { month }] = [c.get("ctx"), c.req.valid("query")];
      const period = monthOf(month === undefined ? ctx.clock.now() : Date.parse(`${month}-01T00:00:00Z`));
      const { days, ...usage } = await getUsage(ctx, c.get("workspaceId"), period);
      return c.json({ data: { ...usage, days: [...days] } }, 200);
    },
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
