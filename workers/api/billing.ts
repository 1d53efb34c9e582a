import { createRoute, z } from "@hono/zod-openapi";
import {
  type BillingProfile,
  changePlan,
  collectorOf,
  getBillingProfile,
  getPlanState,
  previewPlanChange,
  updateBillingProfile,
} from "#billing";
import type { Context } from "#platform/context";
import { inBilling } from "./operators.ts";
import { createRouter, dataOf, jsonBody, jsonContent, problemResponses } from "./router.ts";

const tags = ["Billing"];
const parameters = z.object({ id: z.string() });
const when = z.enum(["now", "period_end"]);

const profileSchema = z
  .object({
    customer_name: z.string().openapi({ description: "Whom invoices are made out to" }),
    address: z.string().openapi({ description: "Lines, parted by line breaks" }),
    tax_id: z.string(),
    email: z.string(),
    time_zone: z.string().openapi({ description: "IANA name of the zone in whose midnight periods begin" }),
    anchor_day: z.number().int().openapi({ description: "Day of the month on which periods begin; the last day of shorter months" }),
    payments: z.enum(["stripe", "manual"]).openapi({ description: "How this deployment's invoices are paid" }),
  })
  .openapi("BillingProfile");

const profileChange = z
  .strictObject({
    customer_name: z.string().trim().min(1).max(200),
    address: z.string().trim().max(500),
    tax_id: z.string().trim().max(50),
    email: z.union([z.literal(""), z.email().max(254)]),
    time_zone: z.string().max(64),
    anchor_day: z.number().int().min(1).max(31),
  })
  .partial();

const planStateSchema = z
  .object({
    plan: z.string(),
    next_plan: z.string().nullable().openapi({ description: "The plan of the next period, where another was chosen" }),
    period_start: z.string(),
    period_end: z.string(),
  })
  .openapi("PlanState");

const previewSchema = z
  .object({
    when,
    effective_at: z.string(),
    currency: z.string(),
    lines: z
      .array(z.object({ kind: z.string(), plan_name: z.string().nullable(), amount_minor: z.number().int() }))
      .openapi({ description: "What the change adds to the invoice of this period" }),
    total_minor: z.number().int(),
    total: z.string(),
  })
  .openapi("PlanChangePreview");

/** What the handlers answer: the profile, and what the deployment makes of it. */
function shown({ env }: Context, profile: BillingProfile) {
  return { ...profile, payments: collectorOf(env) };
}

export const billingRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/billing-profile",
      tags,
      summary: "Whom the workspace's invoices are made out to, and when its periods begin",
      ...inBilling("billing:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(profileSchema), "The profile"), ...problemResponses },
    }),
    async (c) => c.json({ data: shown(c.get("ctx"), await getBillingProfile(c.get("ctx"), c.get("workspaceId"))) }, 200),
  )
  .openapi(
    createRoute({
      method: "patch",
      path: "/workspaces/{id}/billing-profile",
      tags,
      summary: "Change the billing profile",
      description: "Time zone and anchor day hold from the end of the current period on.",
      ...inBilling("billing:manage"),
      request: { params: parameters, body: jsonBody(profileChange) },
      responses: { 200: jsonContent(dataOf(profileSchema), "The profile"), ...problemResponses },
    }),
    async (c) => {
      const profile = await updateBillingProfile(c.get("ctx"), c.get("workspaceId"), c.req.valid("json"));
      return c.json({ data: shown(c.get("ctx"), profile) }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/plan",
      tags,
      summary: "The plan in force, and the one to come",
      ...inBilling("billing:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(planStateSchema), "The plan"), ...problemResponses },
    }),
    async (c) => c.json({ data: await getPlanState(c.get("ctx"), c.get("workspaceId")) }, 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/plan",
      tags,
      summary: "Change the plan",
      description:
        "A plan that takes on more begins at once: what was left of the old one is given back and the rest of the period is charged on the new one. Any other begins with the next period. Choosing the plan in force cancels a change that was to come.",
      ...inBilling("billing:manage"),
      request: { params: parameters, body: jsonBody(z.strictObject({ plan: z.string().max(50), when: when.optional() })) },
      responses: { 200: jsonContent(dataOf(planStateSchema), "The plan"), ...problemResponses },
    }),
    async (c) => c.json({ data: await changePlan(c.get("ctx"), c.get("workspaceId"), c.req.valid("json")) }, 200),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/plan/preview",
      tags,
      summary: "What a change of plan would cost now",
      ...inBilling("billing:read"),
      request: { params: parameters, query: z.object({ plan: z.string().max(50), when: when.optional() }) },
      responses: { 200: jsonContent(dataOf(previewSchema), "What the change adds to the invoice"), ...problemResponses },
    }),
    async (c) => {
      const { lines, ...preview } = await previewPlanChange(c.get("ctx"), c.get("workspaceId"), c.req.valid("query"));
      return c.json({ data: { ...preview, lines: [...lines] } }, 200);
    },
  );
