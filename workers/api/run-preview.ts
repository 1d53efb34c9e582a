import { createRoute, z } from "@hono/zod-openapi";
import { previewOver } from "#runtime";
import { jsonValue } from "./json-value.ts";
import { createRouter, dataOf, jsonBody, jsonContent, problemResponses } from "./router.ts";
import { inRun } from "./run-access.ts";

const previewSchema = z
  .object({
    value: z.any().openapi({ description: "What the expressions give" }),
    type: z.enum(["string", "number", "boolean", "null", "object", "array"]),
  })
  .openapi("Preview");

export const runPreviewRouter = createRouter().openapi(
  createRoute({
    method: "post",
    path: "/runs/{id}/preview",
    tags: ["Runs"],
    summary: "What a value with expressions would have been in a run",
    description: "Expressions see the run's inputs, the outputs of its nodes, app, run and session. A secret reads as `[secret]`.",
    ...inRun("runs:read"),
    request: {
      params: z.object({ id: z.string() }),
      body: jsonBody(
        z.strictObject({
          value: jsonValue.openapi({ description: "A text with {{ expressions }}, or any JSON that has some" }),
          node_id: z.string().optional().openapi({ description: "Only the outputs of nodes before this one are seen" }),
        }),
      ),
    },
    responses: { 200: jsonContent(dataOf(previewSchema), "The value and its type"), ...problemResponses },
  }),
  async (c) => {
    const { value, node_id } = c.req.valid("json");
    return c.json({ data: await previewOver(c.get("ctx"), c.get("found"), value, node_id) }, 200);
  },
);
