import { createRoute, z } from "@hono/zod-openapi";
import { digestOf } from "#app";
import type { RunView } from "#execution";
import type { Context } from "#platform/context";
import { notFound, validationFailed } from "#platform/errors";
import {
  type BegunRun,
  findRunOf,
  hasEnded,
  type MemberStart,
  patienceOf,
  preferencesOf,
  readBegunRun,
  replayRun,
  startTestRun,
  unknownRun,
  watchAsMember,
} from "#runtime";
import { authorize } from "#workspace";
import { watchingOf } from "../runtime/run-events.ts";
import { inApp } from "./app-access.ts";
import { idempotencyKeyOf } from "./idempotency.ts";
import { jsonRecord } from "./json-value.ts";
import { createRouter, dataOf, jsonBody, jsonContent, optionalBody, problemResponses } from "./router.ts";
import { inRun } from "./run-access.ts";
import { runPath, runSchema } from "./run-schema.ts";

const tags = ["Runs"];
const parameters = z.object({ id: z.string() });

const fromNode = z.string().optional().openapi({ description: "This node and all after it run; the others give their earlier outputs" });
const pinned = jsonRecord.optional().openapi({
  description: "Outputs of nodes that are not to run, by node id. The output tells by which port the node was left.",
});

const testRunSchema = z.strictObject({
  inputs: jsonRecord.optional().openapi({ description: "As visitors give them" }),
  from_node: fromNode,
  only_node: z.string().optional().openapi({ description: "This node alone runs, on what is pinned" }),
  pinned,
  run_id: z.string().optional().openapi({ description: "An earlier run of the app, which gives inputs and earlier outputs" }),
});
const replaySchema = z.strictObject({ from_node: fromNode, pinned });

const testedRunSchema = runSchema.extend({ run_id: z.string().openapi({ description: "The same as id" }) }).openapi("TestRun");
const location = z.object({ Location: z.string().openapi({ description: "Where the run is read" }) });

/** How the run is begun: who asks, from where, and under which key asking again gives the same run, streamed or not. */
async function startOf(ctx: Context, place: string, request: Request, scope: string, body: unknown): Promise<MemberStart> {
  const { actor } = ctx;
  const apiKeyId = actor.type === "api_key" ? actor.apiKeyId : null;
  const who = actor.type === "user" ? actor.userId : (apiKeyId ?? "");
  const value = idempotencyKeyOf(request);
  const key = value === undefined ? null : { scope: `${scope}:${who}`, value, bodyHash: await digestOf(body) };
  return { apiKeyId, place, key };
}

/** The run that a test names, where the caller may read it. Throws `validation_failed`, `forbidden`. */
async function sourceOf(ctx: Context, workspaceId: string, runId: string | undefined) {
  if (runId === undefined) return null;
  await authorize(ctx, workspaceId, "runs:read");
  const found = await findRunOf(ctx, runId, async () => [workspaceId]);
  if (found?.workspaceId !== workspaceId) throw validationFailed([unknownRun()]);
  return found;
}

function isSettled(run: RunView): boolean {
  return hasEnded(run) || run.status === "waiting";
}

interface TestAnswer {
  readonly run: RunView;
  readonly status: 200 | 202;
  readonly headers: Record<string, string>;
}

/** The run as far as its caller waits for it. */
async function testAnswer(ctx: Context, { runId, timeoutMs }: BegunRun, request: Request): Promise<TestAnswer> {
  const preferences = preferencesOf(request.headers);
  const waitMs = patienceOf(preferences, timeoutMs);
  const run = await readBegunRun(ctx, runId, waitMs);
  const headers: Record<string, string> = { Location: runPath(runId) };
  if (preferences.async) headers["Preference-Applied"] = "respond-async";
  const status = waitMs > 0 && isSettled(run) ? 200 : 202;
  return { run, status, headers };
}

/** The events of a test run; one that was begun before tells them from where its caller has left off. */
async function testEvents(ctx: Context, workspaceId: string, { runId, repeated }: BegunRun, request: Request): Promise<Response> {
  const found = await findRunOf(ctx, runId, async () => [workspaceId]);
  if (!found) throw notFound("The run");
  const { lastEventId } = watchingOf(request);
  const watching = { lastEventId: repeated ? lastEventId : null, webSocket: false, acknowledges: false };
  const answer = await watchAsMember(ctx, found, watching);
  answer.headers.set("Location", runPath(runId));
  return answer;
}

export const runDebuggingRouter = createRouter()
  .openapi(
    createRoute({
      method: "post",
      path: "/apps/{id}/test-runs",
      tags,
      summary: "Run the draft without publishing it, whole or in part",
      description: `Waits until the run has ended or waits itself, as long as visitors do; \`Prefer: respond-async\` and \`wait=N\` are heeded,
and \`Accept: text/event-stream\` gives the run's events as members see them. A test run counts as one request. Tables that only the draft
declares are made when it is published. \`run_id\` needs \`runs:read\` as well.`,
      ...inApp("apps:edit"),
      request: {
        params: parameters,
        headers: z.object({ prefer: z.string().optional().openapi({ description: "`respond-async`, `wait=N`" }) }),
        body: jsonBody(testRunSchema),
      },
      responses: {
        200: {
          description: "The run, which has ended or waits; or its events",
          headers: location,
          content: { "application/json": { schema: dataOf(testedRunSchema) }, "text/event-stream": { schema: z.string() } },
        },
        202: { ...jsonContent(dataOf(testedRunSchema), "The run goes on"), headers: location },
        ...problemResponses,
      },
    }),
    async (c) => {
      const [ctx, workspaceId, body, { raw }] = [c.get("ctx"), c.get("workspaceId"), c.req.valid("json"), c.req];
      const { id } = c.req.valid("param");
      const source = await sourceOf(ctx, workspaceId, body.run_id);
      const test = { inputs: body.inputs, fromNode: body.from_node, onlyNode: body.only_node, pinned: body.pinned, source };
      const begun = await startTestRun(ctx, workspaceId, id, test, await startOf(ctx, c.env.place, raw, `test:${id}`, body));
      if (raw.headers.get("Accept")?.includes("text/event-stream")) return testEvents(ctx, workspaceId, begun, raw);
      const { run, status, headers } = await testAnswer(ctx, begun, raw);
      return c.json({ data: { ...run, run_id: run.id } }, status, headers);
    },
  )
  .openapi(
    createRoute({
      method: "post",
      path: "/runs/{id}/replay",
      tags,
      summary: "Run the same version with the same inputs again, whole or from a node on",
      description: "A replay counts as one request. It needs `runs:read` as well.",
      ...inRun("runs:create"),
      request: { params: parameters, body: optionalBody(replaySchema) },
      responses: { 202: { ...jsonContent(dataOf(runSchema), "The new run"), headers: location }, ...problemResponses },
    }),
    async (c) => {
      const [ctx, found, body] = [c.get("ctx"), c.get("found"), c.req.valid("json")];
      // What it answers with, and what its nodes are given, is the earlier run's.
      await authorize(ctx, found.workspaceId, "runs:read");
      const start = await startOf(ctx, c.env.place, c.req.raw, `replay:${found.run.id}`, body);
      const { runId } = await replayRun(ctx, found, { fromNode: body.from_node, pinned: body.pinned }, start);
      return c.json({ data: await readBegunRun(ctx, runId, 0) }, 202, { Location: runPath(runId) });
    },
  );
