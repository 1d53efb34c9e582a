import { sql } from "drizzle-orm";
import { check, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { moment } from "./columns.ts";

/*
 * These three tables grow without end. Their keys begin with a UUIDv7, so a range of keys is a range of time: they can be
 * partitioned by key without changing it, and old partitions dropped. For the same reason they carry no foreign keys
 * except the tenant's id by value: a record must be writable whatever has since happened to its app.
 */

export const RUN_TRIGGERS = ["visitor", "api", "webhook", "schedule", "app", "test", "replay"] as const;
export const RUN_STATUSES = ["queued", "running", "waiting", "completed", "failed", "cancelled", "interrupted"] as const;

export const executions = pgTable(
  "executions",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id").notNull(),
    appId: text("app_id").notNull(),
    versionId: text("version_id").notNull(),
    trigger: text("trigger", { enum: RUN_TRIGGERS }).notNull(),
    /** The trigger that fired, for runs that one started. */
    triggerId: text("trigger_id"),
    /** The run that this one replays, or whose end started it. */
    parentId: text("parent_id"),
    /** The questions that a waiting run has put to people. */
    waiting: jsonb("waiting"),
    status: text("status", { enum: RUN_STATUSES }).notNull(),
    /** Higher wins: a record that arrives late never overwrites a newer one. */
    revision: integer("revision").notNull(),
    sessionId: text("session_id"),
    /** The visitor's network as a keyed hash, never as an address. */
    network: text("network"),
    apiKeyId: text("api_key_id"),
    inputs: jsonb("inputs"),
    outputs: jsonb("outputs"),
    error: jsonb("error"),
    usage: jsonb("usage").notNull(),
    startedAt: moment("started_at").notNull(),
    finishedAt: moment("finished_at"),
    durationMs: integer("duration_ms"),
  },
  (table) => [
    index("executions_app_idx").on(table.workspaceId, table.appId, table.id),
    index("executions_session_idx")
      .on(table.workspaceId, table.appId, table.sessionId, table.id)
      .where(sql`${table.sessionId} IS NOT NULL`),
    index("executions_workspace_idx").on(table.workspaceId, table.id),
    index("executions_waiting_idx").on(table.workspaceId, table.id).where(sql`${table.waiting} IS NOT NULL`),
    check(
      "executions_status_check",
      sql`${table.status} IN ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled', 'interrupted')`,
    ),
  ],
);

export const nodeLogs = pgTable(
  "node_logs",
  {
    executionId: text("execution_id").notNull(),
    /** Order of starting within the run, from 0. */
    seq: integer("seq").notNull(),
    workspaceId: text("workspace_id").notNull(),
    nodeId: text("node_id").notNull(),
    nodeType: text("node_type").notNull(),
    status: text("status", { enum: ["completed", "failed", "skipped", "cancelled"] }).notNull(),
    attempts: integer("attempts").notNull(),
    /** The port it left by, where it has several. */
    port: text("port"),
    inputs: jsonb("inputs"),
    outputs: jsonb("outputs"),
    error: jsonb("error"),
    inputTokens: integer("input_tokens").notNull().default(0),
    outputTokens: integer("output_tokens").notNull().default(0),
    startedAt: moment("started_at").notNull(),
    durationMs: integer("duration_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.executionId, table.seq] }),
    index("node_logs_workspace_idx").on(table.workspaceId, table.executionId),
  ],
);

export const runtimeEvents = pgTable(
  "runtime_events",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id").notNull(),
    appId: text("app_id"),
    executionId: text("execution_id"),
    type: text("type").notNull(),
    payload: jsonb("payload").notNull(),
    occurredAt: moment("occurred_at").notNull(),
  },
  (table) => [
    index("runtime_events_workspace_idx").on(table.workspaceId, table.occurredAt, table.id),
    index("runtime_events_app_idx").on(table.workspaceId, table.appId, table.occurredAt),
  ],
);
