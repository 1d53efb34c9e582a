import { createRoute, z } from "@hono/zod-openapi";
import { pageQuerySchema } from "#platform/pages";
import { listDeadLetters, replayDeadLetter } from "#runtime";
import { inWorkspace } from "./access.ts";
import { createRouter, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Dead letters"];

const deadLetterSchema = z
  .object({
    id: z.string(),
    kind: z.string().openapi({ description: "schedule, app or callback; message for what a queue could make nothing of" }),
    app_id: z.string().nullable(),
    run_id: z.string().nullable(),
    error: z.string(),
    attempts: z.number().int(),
    payload: z.any(),
    created_at: z.string(),
  })
  .openapi("DeadLetter");

export const deadLettersRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/workspaces/{id}/dead-letters",
      tags,
      summary: "What could not be done, and is not tried again by itself, newest first",
      ...inWorkspace("runs:read"),
      request: { params: z.object({ id: z.string() }), query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(deadLetterSchema), "A page of dead letters"), ...problemResponses },
    }),
    async (c) => c.json(await listDeadLetters(c.get("ctx"), c.get("workspaceId"), c.req.valid("query")), 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/workspaces/{id}/dead-letters/{letter_id}/replay",
      tags,
      summary: "Try it again",
      ...inWorkspace("runs:manage"),
      request: { params: z.object({ id: z.string(), letter_id: z.string() }) },
      responses: { 202: { description: "It is on its way again" }, ...problemResponses },
    }),
    async (c) => {
      await replayDeadLetter(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").letter_id);
      return c.body(null, 202);
    },
  );
