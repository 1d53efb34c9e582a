import { sql } from "drizzle-orm";
import { bulkInsert } from "#platform/bulk-insert";
import type { Context } from "#platform/context";
import type { RunRecord } from "#platform/records";
import { executions, nodeLogs, runtimeEvents } from "#platform/schema";
import { storable } from "./node-log.ts";

/** A record as an outbox hands it over. Of two records of one run, the one with the higher revision is the newer. */
export interface RevisedRecord {
  readonly record: RunRecord;
  readonly revision: number;
}

/**
 * Writes what runs left behind, all or nothing. Any number of deliveries, in any order, give the same rows: executions are
 * replaced only by higher revisions, logs and events are written once.
 */
export async function writeExecutions(ctx: Context, records: readonly RevisedRecord[]): Promise<void> {
  const rows = newest(records).map(executionRow);
  if (rows.length === 0) return;
  const [logs, events] = [records.flatMap(({ record }) => nodeLogRows(record)), records.flatMap(({ record }) => eventRows(record))];
  await ctx.db.batch([
    ctx.db.execute(bulkInsert(executions, rows, REPLACE_OLDER)),
    ...(logs.length === 0 ? [] : [ctx.db.execute(bulkInsert(nodeLogs, logs, ONCE))]),
    ...(events.length === 0 ? [] : [ctx.db.execute(bulkInsert(runtimeEvents, events, ONCE))]),
  ]);
}

const ONCE = sql`ON CONFLICT DO NOTHING`;

/** Of what an execution is, these change while it goes on. */
const CHANGING = ["status", "waiting", "revision", "outputs", "error", "usage", "finished_at", "duration_ms"];

const REPLACE_OLDER = sql`ON CONFLICT (id) DO UPDATE SET ${sql.raw(CHANGING.map((name) => `${name} = excluded.${name}`).join(", "))}
  WHERE excluded.revision > ${executions.revision}`;

/** One record a run: an upsert cannot touch the same row twice. */
function newest(records: readonly RevisedRecord[]): RevisedRecord[] {
  const byRun = new Map<string, RevisedRecord>();
  for (const record of records) {
    const known = byRun.get(record.record.execution.id);
    if (!known || known.revision < record.revision) byRun.set(record.record.execution.id, record);
  }
  return [...byRun.values()];
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
