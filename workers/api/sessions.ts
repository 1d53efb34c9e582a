import { createRoute, z } from "@hono/zod-openapi";
import { pageQuerySchema } from "#platform/pages";
import { endVisitorSession, getSession, listSessions } from "#runtime";
import { inApp } from "./app-access.ts";
import { createRouter, dataOf, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Sessions"];
const parameters = z.object({ id: z.string(), session_id: z.string() });

const sessionSchema = z
  .object({
    id: z.string(),
    started_at: z.string().openapi({ description: "When its first run began" }),
    last_seen_at: z.string().openapi({ description: "When its last run began" }),
    runs: z.number().int(),
    ended_at: z.string().nullable().openapi({ description: "When a member has ended it, within the last day" }),
  })
  .openapi("Session");

const sessionDetailSchema = sessionSchema
  .extend({
    conversation: z
      .object({
        summary: z.string().nullable().openapi({ description: "Stands for what is not remembered turn by turn any more" }),
        turns: z.array(z.object({ run_id: z.string(), said: z.string(), answer: z.string(), at: z.string() })),
      })
      .openapi({ description: "Of an app with a chat; kept for a day after its last turn" }),
  })
  .openapi("SessionDetail");

export const sessionsRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/sessions",
      tags,
      summary: "The visitors' sessions that have run an app, newest first",
      ...inApp("runs:read"),
      request: { params: z.object({ id: z.string() }), query: pageQuerySchema },
      responses: { 200: jsonContent(pageOf(sessionSchema), "A page of sessions"), ...problemResponses },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await listSessions(c.get("ctx"), c.get("workspaceId"), id, c.req.valid("query")), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/sessions/{session_id}",
      tags,
      summary: "A session, and what it remembers of its conversation",
      ...inApp("runs:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(sessionDetailSchema), "The session"), ...problemResponses },
    }),
    async (c) => {
      const { id, session_id } = c.req.valid("param");
      const { conversation, ...session } = await getSession(c.get("ctx"), c.get("workspaceId"), id, session_id);
      return c.json({ data: { ...session, conversation: { ...conversation, turns: [...conversation.turns] } } }, 200);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/sessions/{session_id}/end",
      tags,
      summary: "End a session, everywhere within 5 s: its visitor becomes a new one",
      ...inApp("runs:manage"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(sessionSchema), "The session"), ...problemResponses },
    }),
    async (c) => {
      const { id, session_id } = c.req.valid("param");
      return c.json({ data: await endVisitorSession(c.get("ctx"), c.get("workspaceId"), id, session_id) }, 200);
    },
  );
