import type { AppRoute } from "#app";
import { refundTokens } from "#billing";
import { type RunResult, runInline, runSession } from "#execution";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import type { ExecutionRecord, RunRecord } from "#platform/records";
import { fullJitter } from "#platform/retry";
import { answerOf, type RunAnswer } from "./answer.ts";
import { commit } from "./group-commit.ts";
import { outboxName } from "./place.ts";
import { endRecord } from "./record.ts";
import { inlineRunId } from "./run-id.ts";
import type { VisitorSession } from "./session.ts";
import type { ServedVersion } from "./versions.ts";

/** A run that has been allowed, validated and admitted. */
export interface RunOrder {
  readonly route: AppRoute;
  readonly version: ServedVersion;
  readonly inputs: Record<string, unknown>;
  readonly session: VisitorSession;
  /** The caller's network, as a keyed hash. */
  readonly network: string;
  /** The key that asked, or `null` for a visitor. */
  readonly apiKeyId: string | null;
  /** Where the run happens and its record waits: see {@link inlineRunId}. */
  readonly place: string;
  readonly loadSecrets: () => Promise<Record<string, string>>;
  /** Gives back what admission took, for a run that was never acknowledged. */
  readonly refund: () => void;
}

/** What began a run that somebody asked for. */
export function triggerOf(apiKeyId: string | null): "visitor" | "api" {
  return apiKeyId === null ? "visitor" : "api";
}

const APPEND_ATTEMPTS = 3;
const APPEND_BACKOFF = { base: 50, cap: 500 };

function isOverloaded(error: unknown): boolean {
  return typeof error === "object" && error !== null && "overloaded" in error && error.overloaded === true;
}

/** Makes a record durable, or throws `upstream_unavailable`. Repeating is harmless: an outbox keeps one row a run. */
async function store(ctx: Context, order: RunOrder, record: RunRecord): Promise<void> {
  const outbox = outboxName(order.route.workspaceId, order.place);
  const ended = { id: record.execution.id, record: JSON.stringify(record) };
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (attempt === 1) return await commit(ctx, outbox, ended);
      // Alone, whatever went wrong with the others; and by a stub of its own, since one that has failed stays broken.
      return await ctx.env.RECORDER.getByName(outbox).appendAll([ended]);
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

function execute(ctx: Context, order: RunOrder, runId: string): Promise<RunResult> {
  const { route, version } = order;
  const { content } = version;
  return runInline(ctx, {
    runId,
    workspaceId: route.workspaceId,
    plan: version.plan,
    inputs: order.inputs,
    dbSchema: content.db_schema,
    session: runSession(order.session.id),
    app: { id: route.appId, name: content.name, slug: route.appSlug, version: content.number },
    config: { timeout_ms: content.config.timeout_ms, max_output_bytes: content.config.max_output_bytes },
    loadSecrets: order.loadSecrets,
  });
}

function recordOf({ route, version, session, network, apiKeyId, inputs }: RunOrder, runId: string, result: RunResult): RunRecord {
  const begun: ExecutionRecord = {
    id: runId,
    workspace_id: route.workspaceId,
    app_id: route.appId,
    version_id: version.content.versionId,
    trigger: triggerOf(apiKeyId),
    status: "running",
    session_id: session.id,
    network,
    api_key_id: apiKeyId,
    inputs,
    outputs: null,
    error: null,
    usage: result.usage,
    started_at: result.startedAt,
    finished_at: null,
  };
  return endRecord(begun, result);
}

async function runAndRecord(ctx: Context, order: RunOrder): Promise<RunAnswer> {
  const runId = inlineRunId(ctx.newId("run"), order.place);
  try {
    const record = recordOf(order, runId, await execute(ctx, order, runId));
    await storeOrRefund(ctx, order, record);
    return answerOf(record.execution, order.session.token);
  } catch (error) {
    order.refund();
    throw error;
  }
}

/** What a run has used was counted while it went on; without a record there is none in the ledger. */
async function storeOrRefund(ctx: Context, order: RunOrder, record: RunRecord): Promise<void> {
  try {
    await store(ctx, order, record);
  } catch (error) {
    const { workspaceId, appId } = order.route;
    refundTokens(ctx, workspaceId, appId, record.execution.usage.total_tokens);
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
