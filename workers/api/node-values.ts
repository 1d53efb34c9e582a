import { createRoute, z } from "@hono/zod-openapi";
import { LOGGED_SIDES, readLoggedValue } from "#execution";
import { notFound } from "#platform/errors";
import { createRouter, problemResponses } from "./router.ts";
import { inRun } from "./run-access.ts";

const parameters = z.object({
  id: z.string(),
  seq: z.string().openapi({ description: "Of the node log" }),
  side: z
    .enum(LOGGED_SIDES)
    .or(z.string())
    .openapi({ type: "string", enum: [...LOGGED_SIDES] }),
});

export const nodeValuesRouter = createRouter().openapi(
  createRoute({
    method: "get",
    path: "/runs/{id}/nodes/{seq}/{side}",
    tags: ["Runs"],
    summary: "What a node took or gave, whole, where its log shows only the beginning. Large values are kept for 30 days",
    ...inRun("runs:read"),
    request: { params: parameters },
    responses: { 200: { description: "The value itself, as JSON" }, ...problemResponses },
  }),
  async (c) => {
    const { id, seq, side: named } = c.req.valid("param");
    const side = LOGGED_SIDES.find((one) => one === named);
    if (side === undefined || !/^\d{1,6}$/.test(seq)) throw notFound("The node log");
    const value = await readLoggedValue(c.get("ctx"), c.get("workspaceId"), { runId: id, seq: Number(seq), side });
    return c.body(value, 200, { "Content-Type": "application/json" });
  },
);
