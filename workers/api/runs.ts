import { createRoute, z } from "@hono/zod-openapi";
import { listRuns } from "#execution";
import { pageQuerySchema } from "#platform/pages";
import { DELIVERY_STATUSES, RUN_STATUSES } from "#platform/schema";
import { cancelRun, listCallbacks, nodeLogsOf } from "#runtime";
import { inApp } from "./app-access.ts";
import { createRouter, dataOf, jsonContent, pageOf, problemResponses } from "./router.ts";
import { inRun } from "./run-access.ts";
import { nodeLogSchema, runSchema } from "./run-schema.ts";

const tags = ["Runs"];
const parameters = z.object({ id: z.string() });

const callbackSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    status: z.enum(DELIVERY_STATUSES),
    error: z.string().nullable(),
    due_at: z.string().nullable().openapi({ description: "When it is tried next" }),
    attempts: z.array(
      z.object({
        attempt: z.number().int(),
        status: z.number().int().nullable().openapi({ description: "The HTTP status of the far side, where it answered" }),
        error: z.string().nullable(),
        duration_ms: z.number().int(),
        attempted_at: z.string(),
      }),
    ),
  })
  .openapi("Callback");

export const runsRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/runs",
      tags,
      summary: "The runs of an app, newest first",
      ...inApp("runs:read"),
      request: {
        params: parameters,
        query: pageQuerySchema.extend({ status: z.enum(RUN_STATUSES).optional(), session_id: z.string().max(40).optional() }),
      },
      responses: { 200: jsonContent(pageOf(runSchema), "A page of runs"), ...problemResponses },
    }),
    async (c) => {
      const { status, session_id: sessionId, ...page } = c.req.valid("query");
      return c.json(await listRuns(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, page, { status, sessionId }), 200);
    },
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/runs/{id}",
      tags,
      summary: "A run",
      ...inRun("runs:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(runSchema), "The run"), ...problemResponses },
    }),
    (c) => c.json({ data: c.get("found").run }, 200),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/runs/{id}/nodes",
      tags,
      summary: "What each node of a run has done so far, in the order they started",
      ...inRun("runs:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(pageOf(nodeLogSchema), "All node logs of the run"), ...problemResponses },
    }),
    async (c) => c.json({ data: await nodeLogsOf(c.get("ctx"), c.get("found")), next_cursor: null }, 200),
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/runs/{id}/cancel",
      tags,
      summary: "Stop a run, and the nodes that are at work",
      ...inRun("runs:manage"),
      request: { params: parameters },
      responses: { 200: jsonContent(dataOf(runSchema), "The run as it is then"), ...problemResponses },
    }),
    async (c) => c.json({ data: await cancelRun(c.get("ctx"), c.get("found")) }, 200),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/runs/{id}/callbacks",
      tags,
      summary: "Who was told of a run's end, and what came of each attempt",
      ...inRun("runs:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(pageOf(callbackSchema), "The run's callback, if it has one"), ...problemResponses },
    }),
    async (c) => {
      const data = await listCallbacks(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id);
      return c.json({ data, next_cursor: null }, 200);
    },
  );
