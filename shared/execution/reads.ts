import { and, asc, desc, eq, lt } from "drizzle-orm";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { executions, nodeLogs, type RUN_STATUSES } from "#platform/schema";

type RunStatus = (typeof RUN_STATUSES)[number];

/** A run as the members' API shows it. */
export interface RunView {
  readonly id: string;
  readonly app_id: string;
  readonly version_id: string;
  readonly trigger: string;
  readonly trigger_id: string | null;
  readonly parent_id: string | null;
  readonly status: RunStatus;
  readonly session_id: string | null;
  readonly api_key_id: string | null;
  readonly inputs: unknown;
  readonly outputs: unknown;
  readonly error: unknown;
  /** What it has asked people, while it waits for their answer. */
  readonly waiting: unknown;
  readonly usage: unknown;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly duration_ms: number | null;
}

/** A node log as the members' API shows it. */
export interface NodeLogView {
  readonly seq: number;
  readonly node_id: string;
  readonly node_type: string;
  readonly status: string;
  readonly attempts: number;
  readonly port: string | null;
  readonly inputs: unknown;
  readonly outputs: unknown;
  readonly error: unknown;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly started_at: string;
  readonly duration_ms: number;
}

export interface RunFilter {
  readonly status?: RunStatus | undefined;
}

function presentRun(row: typeof executions.$inferSelect): RunView {
  return {
    id: row.id,
    app_id: row.appId,
    version_id: row.versionId,
    trigger: row.trigger,
    trigger_id: row.triggerId,
    parent_id: row.parentId,
    status: row.status,
    session_id: row.sessionId,
    api_key_id: row.apiKeyId,
    inputs: row.inputs,
    outputs: row.outputs,
    error: row.error,
    waiting: row.waiting,
    usage: row.usage,
    started_at: row.startedAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
    duration_ms: row.durationMs,
  };
}

/** The runs of an app, newest first. */
export async function listRuns(
  ctx: Context,
  workspaceId: string,
  appId: string,
  page: PageRequest,
  filter: RunFilter = {},
): Promise<Page<RunView>> {
  const cursor = readCursor(page.cursor);
  const rows = await ctx.db
    .select()
    .from(executions)
    .where(
      and(
        eq(executions.workspaceId, workspaceId),
        eq(executions.appId, appId),
        cursor === undefined ? undefined : lt(executions.id, cursor),
        filter.status === undefined ? undefined : eq(executions.status, filter.status),
      ),
    )
    .orderBy(desc(executions.id))
    .limit(page.limit + 1);
  return toPage(rows, page.limit, presentRun);
}

/** One run. Another workspace's is as unknown as one that never was. */
export async function getRun(ctx: Context, workspaceId: string, runId: string): Promise<RunView> {
  if (!isId("run", runId)) throw notFound("The run");
  const [row] = await ctx.db
    .select()
    .from(executions)
    .where(and(eq(executions.workspaceId, workspaceId), eq(executions.id, runId)))
    .limit(1);
  if (!row) throw notFound("The run");
  return presentRun(row);
}

/** What each node of a run did, in the order they started. A run has at most as many as its workflow has nodes. */
export async function listNodeLogs(ctx: Context, workspaceId: string, runId: string): Promise<NodeLogView[]> {
  if (!isId("run", runId)) throw notFound("The run");
  const [rows] = await Promise.all([
    ctx.db
      .select()
      .from(nodeLogs)
      .where(and(eq(nodeLogs.workspaceId, workspaceId), eq(nodeLogs.executionId, runId)))
      .orderBy(asc(nodeLogs.seq)),
    getRun(ctx, workspaceId, runId),
  ]);
  return rows.map((row) => ({
    seq: row.seq,
    node_id: row.nodeId,
    node_type: row.nodeType,
    status: row.status,
    attempts: row.attempts,
    port: row.port,
    inputs: row.inputs,
    outputs: row.outputs,
    error: row.error,
    input_tokens: row.inputTokens,
    output_tokens: row.outputTokens,
    started_at: row.startedAt.toISOString(),
    duration_ms: row.durationMs,
  }));
}

/** Whose run it is, to authorise by; `null` for an id that names none. */
export async function findRunWorkspace(ctx: Context, runId: string): Promise<{ workspaceId: string; appId: string } | null> {
  if (!isId("run", runId)) return null;
  const [row] = await ctx.db
    .select({ workspaceId: executions.workspaceId, appId: executions.appId })
    .from(executions)
    .where(eq(executions.id, runId))
    .limit(1);
  return row ?? null;
}
