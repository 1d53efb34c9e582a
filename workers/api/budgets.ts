import { createRoute, z } from "@hono/zod-openapi";
import { getBudget, putBudget, quotaSnapshot } from "#billing";
import type { Context } from "#platform/context";
import { inApp } from "./app-access.ts";
import { createRouter, dataOf, jsonBody, jsonContent, problemResponses } from "./router.ts";
import { meterCountSchema } from "./usage.ts";

const tags = ["Usage"];
const parameters = z.object({ id: z.string() });

const units = z
  .int()
  .min(0)
  .max(1_000_000_000_000)
  .nullable()
  .openapi({ description: "Units a period; null: as many as the workspace has" });
const budgetSchema = z.strictObject({ requests: units, tokens: units });
const budgetStateSchema = budgetSchema
  .extend({
    period_start: z.string(),
    period_end: z.string(),
    meters: z.object({ requests: meterCountSchema, tokens: meterCountSchema }).nullable().openapi({ description: "null without a budget" }),
  })
  .openapi("Budget");

const answers = { 200: jsonContent(dataOf(budgetStateSchema), "The budget, and what is used of it in this period"), ...problemResponses };

async function budgetState(ctx: Context, workspaceId: string, appId: string): Promise<z.infer<typeof budgetStateSchema>> {
  const budget = await getBudget(ctx, workspaceId, appId);
  const isBudgeted = budget.requests !== null || budget.tokens !== null;
  const { period_start, period_end, meters } = await quotaSnapshot(ctx, workspaceId, isBudgeted ? appId : null);
  const { requests, tokens } = meters;
  return { ...budget, period_start, period_end, meters: isBudgeted ? { requests, tokens } : null };
}

export const budgetsRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/budget",
      tags,
      summary: "What an app may use of its workspace's quota",
      ...inApp("billing:read"),
      request: { params: parameters },
      responses: answers,
    }),
    async (c) => c.json({ data: await budgetState(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id) }, 200),
  )
  .openapi(
    createRoute({
      method: "put",
      path: "/apps/{id}/budget",
      tags,
      summary: "Give an app a budget of requests or tokens a period, everywhere within 5 s, or take it away",
      ...inApp("billing:manage"),
      request: { params: parameters, body: jsonBody(budgetSchema) },
      responses: answers,
    }),
    async (c) => {
      const [ctx, workspaceId, { id }] = [c.get("ctx"), c.get("workspaceId"), c.req.valid("param")];
      await putBudget(ctx, workspaceId, id, c.req.valid("json"));
      return c.json({ data: await budgetState(ctx, workspaceId, id) }, 200);
    },
  );
