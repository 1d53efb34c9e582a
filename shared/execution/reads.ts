import { and, asc, desc, eq, lt } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { type ExecutionRecord, type NodeLog, type Question, questionSchema } from "#platform/records";
import { executions, nodeLogs, type RUN_STATUSES } from "#platform/schema";

type RunStatus = (typeof RUN_STATUSES)[number];

/** An open question as the members' API shows it. */
type QuestionView = Omit<Question, "asked_at" | "expires_at"> & { readonly asked_at: string; readonly expires_at: string };

function viewOfQuestion({ asked_at, expires_at, ...question }: Question): QuestionView {
  return { ...question, asked_at: new Date(asked_at).toISOString(), expires_at: new Date(expires_at).toISOString() };
}

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
  /** The caller's network, as a keyed hash. */
  readonly network: string | null;
  readonly api_key_id: string | null;
  readonly inputs: unknown;
  readonly outputs: unknown;
  readonly error: unknown;
  /** What it has asked people, while it waits for their answer. */
  readonly waiting: QuestionView[] | null;
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
  readonly sessionId?: string | undefined;
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
    network: row.network,
    api_key_id: row.apiKeyId,
    inputs: row.inputs,
    outputs: row.outputs,
    error: row.error,
    waiting: row.waiting === null ? null : z.array(questionSchema).parse(row.waiting).map(viewOfQuestion),
    usage: row.usage,
    started_at: row.startedAt.toISOString(),
    finished_at: row.finishedAt?.toISOString() ?? null,
    duration_ms: row.durationMs,
  };
}

/** A run that has not reached the platform database, or is newer than what that has. */
export function viewOfRecord(record: ExecutionRecord): RunView {
  const {
    id,
    app_id,
    version_id,
    trigger,
    status,
    session_id,
    network = null,
    api_key_id,
    inputs,
    outputs,
    error,
    usage,
    finished_at,
  } = record;
  return {
    id,
    app_id,
    version_id,
    trigger,
    trigger_id: record.trigger_id ?? null,
    parent_id: record.parent_id ?? null,
    status,
    session_id,
    network,
    api_key_id,
    inputs,
    outputs,
    error,
    waiting: record.waiting?.map(viewOfQuestion) ?? null,
    usage,
    started_at: new Date(record.started_at).toISOString(),
    finished_at: finished_at === null ? null : new Date(finished_at).toISOString(),
    duration_ms: finished_at === null ? null : Math.max(0, finished_at - record.started_at),
  };
}

/** A node log that has not reached the platform database. */
export function viewOfNodeLog({ port, started_at, ...log }: NodeLog): NodeLogView {
  return { ...log, port: port ?? null, started_at: new Date(started_at).toISOString() };
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
        filter.sessionId === undefined ? undefined : eq(executions.sessionId, filter.sessionId),
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

/** A run that the platform database has, and whose it is: for who it may be shown to is not decided here. */
export async function findStoredRun(ctx: Context, runId: string): Promise<{ workspaceId: string; run: RunView } | null> {
  const [row] = await ctx.db.select().from(executions).where(eq(executions.id, runId)).limit(1);
  return row ? { workspaceId: row.workspaceId, run: presentRun(row) } : null;
}
