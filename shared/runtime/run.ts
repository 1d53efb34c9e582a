import type { AppRoute } from "#app";
import { requestEvent, spendTokens, usageEventsOf } from "#billing";
import { type RunEvent, type RunResult, runInline } from "#execution";
import type { Context } from "#platform/context";
import { AppError, errorCode } from "#platform/errors";
import type { RecorderApi } from "#platform/objects/recorder";
import { type ExecutionRecord, fitRecord, type RunRecord } from "#platform/records";
import { fullJitter } from "#platform/retry";
import { answerOf, type RunAnswer } from "./answer.ts";
import { outboxName } from "./place.ts";
import { inlineRunId } from "./run-id.ts";
import type { VisitorSession } from "./session.ts";
import { EventFeed } from "./sse.ts";
import type { ServedVersion } from "./versions.ts";

/** A run that has been allowed, validated and admitted. */
export interface RunOrder {
  readonly route: AppRoute;
  readonly version: ServedVersion;
  readonly inputs: Record<string, unknown>;
  readonly session: VisitorSession;
  /** The key that asked, or `null` for a visitor. */
  readonly apiKeyId: string | null;
  /** Where the run happens and its record waits: see {@link inlineRunId}. */
  readonly place: string;
  readonly loadSecrets: () => Promise<Record<string, string>>;
  /** Gives back what admission took, for a run that was never acknowledged. */
  readonly refund: () => void;
}

/** Time (ms) beyond a run's own limit before its outbox gives it up as interrupted. */
const GRACE_MS = 30_000;
const APPEND_ATTEMPTS = 3;
const APPEND_BACKOFF = { base: 50, cap: 500 };

type Stub = Pick<RecorderApi, "append" | "open">;

/** A stub that has failed stays broken, so each attempt takes its own. */
function outbox(ctx: Context, order: RunOrder): Stub {
  return ctx.env.RECORDER.getByName(outboxName(order.route.workspaceId, order.place));
}

function isOverloaded(error: unknown): boolean {
  return typeof error === "object" && error !== null && "overloaded" in error && error.overloaded === true;
}

/** Makes a record durable, or throws `upstream_unavailable`. Repeating is harmless: an outbox keeps one row a run. */
async function store(ctx: Context, order: RunOrder, write: (stub: Stub) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await write(outbox(ctx, order));
    } catch (cause) {
      if (attempt === APPEND_ATTEMPTS || isOverloaded(cause)) {
        throw new AppError("upstream_unavailable", "The run could not be recorded, so it does not count. Try again.", {
          cause,
          retryAfter: 2,
        });
      }
      await new Promise((resolve) => setTimeout(resolve, fullJitter(attempt, APPEND_BACKOFF, ctx.random)));
    }
  }
}

function execute(ctx: Context, order: RunOrder, runId: string, onEvent?: (event: RunEvent) => void): Promise<RunResult> {
  const { route, version } = order;
  const { content } = version;
  return runInline(
    ctx,
    {
      runId,
      workspaceId: route.workspaceId,
      plan: version.plan,
      inputs: order.inputs,
      dbSchema: content.db_schema,
      session: { id: order.session.id },
      app: { id: route.appId, name: content.name, slug: route.appSlug, version: content.number },
      config: { timeout_ms: content.config.timeout_ms, max_output_bytes: content.config.max_output_bytes },
      loadSecrets: order.loadSecrets,
    },
    onEvent,
  );
}

/** What a run is recorded as before anything of it is known but that it began. */
function begun(order: RunOrder, runId: string, startedAt: number): ExecutionRecord {
  const { route, version, apiKeyId } = order;
  return {
    id: runId,
    workspace_id: route.workspaceId,
    app_id: route.appId,
    version_id: version.content.versionId,
    trigger: apiKeyId === null ? "visitor" : "api",
    status: "running",
    session_id: order.session.id,
    api_key_id: apiKeyId,
    inputs: order.inputs,
    outputs: null,
    error: null,
    usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
    started_at: startedAt,
    finished_at: null,
  };
}

function finished(order: RunOrder, runId: string, result: RunResult): RunRecord {
  const { status, outputs, error, usage, nodeLogs, startedAt, finishedAt } = result;
  return fitRecord({
    execution: { ...begun(order, runId, startedAt), status, outputs, error, usage, finished_at: finishedAt },
    node_logs: nodeLogs,
    usage_events: usageEventsOf(runId, nodeLogs, startedAt),
    runtime_events: [],
  });
}

/** Stores how a run ended, and counts what it used towards the quota: the record is what the ledger will say. */
async function settle(ctx: Context, order: RunOrder, record: RunRecord): Promise<void> {
  await store(ctx, order, (stub) => stub.append(record));
  spendTokens(ctx, order.route.workspaceId, record.execution.usage.total_tokens);
}

function newRunId(ctx: Context, order: RunOrder): string {
  return inlineRunId(ctx.newId("run"), order.place);
}

async function runAndRecord(ctx: Context, order: RunOrder): Promise<RunAnswer> {
  const runId = newRunId(ctx, order);
  try {
    const record = finished(order, runId, await execute(ctx, order, runId));
    await settle(ctx, order, record);
    return answerOf(record.execution, order.session.token);
  } catch (error) {
    order.refund();
    throw error;
  }
}

/**
 * Runs a workflow and answers once the run is on record. A caller who goes away does not stop it. Throws
 * `upstream_unavailable` when it could not be recorded; then it was never acknowledged and costs nothing.
 */
export function runNow(ctx: Context, order: RunOrder): Promise<RunAnswer> {
  const answer = runAndRecord(ctx, order);
  // Only to keep the run alive: its failure is the caller's to see.
  ctx.waitUntil(Promise.allSettled([answer]));
  return answer;
}

async function conduct(ctx: Context, order: RunOrder, begun: ExecutionRecord, feed: EventFeed): Promise<void> {
  const runId = begun.id;
  try {
    const result = await execute(ctx, order, runId, (event) => feed.push(event));
    const record = finished(order, runId, { ...result, startedAt: begun.started_at });
    await settle(ctx, order, record);
    feed.push({ type: "run.finished", ...answerOf(record.execution, order.session.token) });
  } catch (error) {
    // The bytes have left and the run is on record as begun: its outbox will end it as interrupted.
    ctx.log.error("a streamed run could not be finished", error, { run_id: runId });
    const code = errorCode(error) ?? "internal";
    feed.push({ type: "error", code, message: "The run was interrupted. Its state can be read under its id.", request_id: ctx.requestId });
  } finally {
    feed.end();
  }
}

/**
 * Starts a run whose events are streamed. That it began, and its request, are on record before this resolves, and so
 * before the first byte; its end is on record before `run.finished` is sent.
 */
export async function streamRun(ctx: Context, order: RunOrder): Promise<ReadableStream<Uint8Array>> {
  const runId = newRunId(ctx, order);
  const startedAt = ctx.clock.now();
  const record: RunRecord = {
    execution: begun(order, runId, startedAt),
    node_logs: [],
    usage_events: [requestEvent(runId, startedAt)],
    runtime_events: [],
  };
  const deadline = startedAt + order.version.content.config.timeout_ms + GRACE_MS;
  try {
    await store(ctx, order, (stub) => stub.open(record, deadline));
  } catch (error) {
    order.refund();
    throw error;
  }
  const feed = new EventFeed();
  ctx.waitUntil(conduct(ctx, order, record.execution, feed));
  return feed.stream;
}
