import { sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import type { RunRecord } from "#platform/records";
import { executions, nodeLogs, runtimeEvents } from "#platform/schema";
import { storable } from "./node-log.ts";

/** A record as an outbox hands it over. Of two records of one run, the one with the higher revision is the newer. */
export interface RevisedRecord {
  readonly record: RunRecord;
  readonly revision: number;
}

/** Rows of one statement: a row has up to 20 parameters, and PostgreSQL takes 65,535 of them. */
const MAX_ROWS = 2_000;

/**
 * Writes what runs left behind, all or nothing. Any number of deliveries, in any order, give the same rows: executions are
 * replaced only by higher revisions, logs and events are written once.
 */
export async function writeExecutions(ctx: Context, records: readonly RevisedRecord[]): Promise<void> {
  const [first, ...rest] = [
    ...chunks(newest(records).map(executionRow)).map((rows) => upsertExecutions(ctx, rows)),
    ...chunks(records.flatMap(({ record }) => nodeLogRows(record))).map((rows) =>
      ctx.db.insert(nodeLogs).values(rows).onConflictDoNothing(),
    ),
    ...chunks(records.flatMap(({ record }) => eventRows(record))).map((rows) =>
      ctx.db.insert(runtimeEvents).values(rows).onConflictDoNothing(),
    ),
  ];
  if (first) await ctx.db.batch([first, ...rest]);
}

/** One record a run: an upsert cannot touch the same row twice. */
function newest(records: readonly RevisedRecord[]): RevisedRecord[] {
  const byRun = new Map<string, RevisedRecord>();
  for (const record of records) {
    const known = byRun.get(record.record.execution.id);
    if (!known || known.revision < record.revision) byRun.set(record.record.execution.id, record);
  }
  return [...byRun.values()];
}

function chunks<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / MAX_ROWS) }, (_, index) => rows.slice(index * MAX_ROWS, (index + 1) * MAX_ROWS));
}

function upsertExecutions(ctx: Context, rows: (typeof executions.$inferInsert)[]) {
  return ctx.db
    .insert(executions)
    .values(rows)
    .onConflictDoUpdate({
      target: executions.id,
      set: {
        status: sql`excluded.status`,
        waiting: sql`excluded.waiting`,
        revision: sql`excluded.revision`,
        outputs: sql`excluded.outputs`,
        error: sql`excluded.error`,
        usage: sql`excluded.usage`,
        finishedAt: sql`excluded.finished_at`,
        durationMs: sql`excluded.duration_ms`,
      },
      setWhere: sql`excluded.revision > ${executions.revision}`,
    });
}

function executionRow({ record: { execution }, revision }: RevisedRecord): typeof executions.$inferInsert {
  const { started_at, finished_at } = execution;
  return {
    id: execution.id,
    workspaceId: execution.workspace_id,
    appId: execution.app_id,
    versionId: execution.version_id,
    trigger: execution.trigger,
    triggerId: execution.trigger_id ?? null,
    parentId: execution.parent_id ?? null,
    waiting: storable(execution.waiting ?? null),
    status: execution.status,
    revision,
    sessionId: execution.session_id,
    network: execution.network ?? null,
    apiKeyId: execution.api_key_id,
    inputs: storable(execution.inputs),
    outputs: storable(execution.outputs),
    error: storable(execution.error),
    usage: execution.usage,
    startedAt: new Date(started_at),
    finishedAt: finished_at === null ? null : new Date(finished_at),
    durationMs: finished_at === null ? null : Math.max(0, finished_at - started_at),
  };
}

function nodeLogRows({ execution, node_logs }: RunRecord): (typeof nodeLogs.$inferInsert)[] {
  return node_logs.map((log) => ({
    executionId: execution.id,
    seq: log.seq,
    workspaceId: execution.workspace_id,
    nodeId: log.node_id,
    nodeType: log.node_type,
    status: log.status,
    attempts: log.attempts,
    port: log.port ?? null,
    inputs: storable(log.inputs),
    outputs: storable(log.outputs),
    error: storable(log.error),
    inputTokens: log.input_tokens,
    outputTokens: log.output_tokens,
    startedAt: new Date(log.started_at),
    durationMs: log.duration_ms,
  }));
}

function eventRows({ execution, runtime_events }: RunRecord): (typeof runtimeEvents.$inferInsert)[] {
  return runtime_events.map((event) => ({
    id: event.id,
    workspaceId: execution.workspace_id,
    appId: execution.app_id,
    executionId: execution.id,
    type: event.type,
    payload: storable(event.payload),
    occurredAt: new Date(event.occurred_at),
  }));
}
