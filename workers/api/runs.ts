import { createRoute, z } from "@hono/zod-openapi";
import { findRunWorkspace, getRun, listNodeLogs, listRuns } from "#execution";
import { AppError, errorCode, notFound } from "#platform/errors";
import { pageQuerySchema } from "#platform/pages";
import { RUN_STATUSES } from "#platform/schema";
import { authorize, type Permission } from "#workspace";
import { guarded } from "./access.ts";
import { inApp } from "./app-access.ts";
import { createRouter, dataOf, jsonContent, pageOf, problemResponses } from "./router.ts";

const tags = ["Runs"];
const parameters = z.object({ id: z.string() });
const json = (description: string) => z.any().openapi({ description });
const errorSchema = json("code, message and, where one failed, node_id; or null");

const runSchema = z
  .object({
    id: z.string(),
    app_id: z.string(),
    version_id: z.string(),
    trigger: z.string(),
    trigger_id: z.string().nullable(),
    parent_id: z.string().nullable().openapi({ description: "The run that this one replays, or whose end started it" }),
    status: z.enum(RUN_STATUSES),
    session_id: z.string().nullable(),
    inputs: json("By the names that the start node declares"),
    outputs: json("By the names that the end node gives; null where the run did not get there"),
    error: errorSchema,
    waiting: json("What it has asked people, while it waits for their answer; or null"),
    usage: json("input_tokens, output_tokens, total_tokens"),
    started_at: z.string(),
    finished_at: z.string().nullable(),
    duration_ms: z.number().int().nullable(),
  })
  .openapi("Run");

const nodeLogSchema = z
  .object({
    seq: z.number().int(),
    node_id: z.string(),
    node_type: z.string(),
    status: z.string(),
    attempts: z.number().int(),
    port: z.string().nullable().openapi({ description: "The port it left by, where it has several" }),
    inputs: json("The node's config, filled in"),
    outputs: json("What the node gave, or null"),
    error: errorSchema,
    input_tokens: z.number().int(),
    output_tokens: z.number().int(),
    started_at: z.string(),
    duration_ms: z.number().int(),
  })
  .openapi("NodeLog");

/** For routes under `/runs/{id}`. Another tenant's run is as unknown as one that never was. */
export function inRun(permission: Permission) {
  return guarded(permission, async (ctx, parameter) => {
    if (ctx.actor.type === "anonymous") throw new AppError("unauthenticated", "Sign in, or send an API key.");
    const run = await findRunWorkspace(ctx, parameter("id"));
    if (!run) throw notFound("The run");
    await authorize(ctx, run.workspaceId, permission).catch((error: unknown) => {
      throw errorCode(error) === "not_found" ? notFound("The run") : error;
    });
    return run;
  });
}

export const runsRouter = createRouter()
  .openapi(
    createRoute({
      method: "get",
      path: "/apps/{id}/runs",
      tags,
      summary: "The runs of an app, newest first",
      ...inApp("runs:read"),
      request: { params: parameters, query: pageQuerySchema.extend({ status: z.enum(RUN_STATUSES).optional() }) },
      responses: { 200: jsonContent(pageOf(runSchema), "A page of runs"), ...problemResponses },
    }),
    async (c) => {
      const { status, ...page } = c.req.valid("query");
      return c.json(await listRuns(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id, page, { status }), 200);
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
    async (c) => c.json({ data: await getRun(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id) }, 200),
  )
  .openapi(
    createRoute({
      method: "get",
      path: "/runs/{id}/nodes",
      tags,
      summary: "What each node of a run did, in the order they started",
      ...inRun("runs:read"),
      request: { params: parameters },
      responses: { 200: jsonContent(pageOf(nodeLogSchema), "All node logs of the run"), ...problemResponses },
    }),
    async (c) => {
      const data = await listNodeLogs(c.get("ctx"), c.get("workspaceId"), c.req.valid("param").id);
      return c.json({ data, next_cursor: null }, 200);
    },
  );
