import { sql } from "drizzle-orm";
import { boolean, check, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { apps } from "./apps.ts";
import { createdAt, moment, updatedAt } from "./columns.ts";
import { users } from "./identity.ts";
import { workspaces } from "./workspaces.ts";

export const TRIGGER_TYPES = ["schedule", "webhook", "app"] as const;

/** What starts an app by itself: a schedule, a webhook, or the end of another app's run. */
export const triggers = pgTable(
  "triggers",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    appId: text("app_id")
      .notNull()
      .references(() => apps.id, { onDelete: "cascade" }),
    type: text("type", { enum: TRIGGER_TYPES }).notNull(),
    name: text("name").notNull().default(""),
    enabled: boolean("enabled").notNull().default(true),
    /** By type: the schedule, how the webhook answers, which app is followed; and the inputs it gives. */
    config: jsonb("config").notNull(),
    /** The app whose runs are followed. */
    sourceAppId: text("source_app_id").references(() => apps.id, { onDelete: "cascade" }),
    /** The secret part of a webhook's address. */
    token: text("token").unique(),
    sealedSecret: text("sealed_secret"),
    keyVersion: integer("key_version"),
    /** When a schedule is due next. */
    nextFireAt: moment("next_fire_at"),
    lastFiredAt: moment("last_fired_at"),
    createdBy: text("created_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("triggers_app_idx").on(table.workspaceId, table.appId, table.id),
    index("triggers_due_idx").on(table.nextFireAt).where(sql`${table.enabled} AND ${table.nextFireAt} IS NOT NULL`),
    index("triggers_source_idx").on(table.sourceAppId).where(sql`${table.sourceAppId} IS NOT NULL`),
    index("triggers_key_version_idx").on(table.keyVersion),
    check("triggers_type_check", sql`${table.type} IN ('schedule', 'webhook', 'app')`),
  ],
);

export const DELIVERY_KINDS = ["schedule", "app", "callback"] as const;
export const DELIVERY_STATUSES = ["due", "done", "dead"] as const;

/**
 * Work that is owed: a schedule's firing, a run to start because another one ended, a callback to send. A row is owed until
 * it is done or dead; the queue only carries word of it. Its key says what it is for, so that it is owed once.
 */
export const deliveries = pgTable(
  "deliveries",
  {
    /** Deterministic: `<trigger id>:<due time or run id>`, or `<run id>:callback`. */
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id").notNull(),
    appId: text("app_id").notNull(),
    kind: text("kind", { enum: DELIVERY_KINDS }).notNull(),
    triggerId: text("trigger_id"),
    executionId: text("execution_id"),
    payload: jsonb("payload").notNull(),
    status: text("status", { enum: DELIVERY_STATUSES }).notNull().default("due"),
    attempts: integer("attempts").notNull().default(0),
    /** When it is tried next. */
    dueAt: moment("due_at").notNull(),
    error: text("error"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("deliveries_due_idx").on(table.dueAt).where(sql`${table.status} = 'due'`),
    index("deliveries_dead_idx").on(table.workspaceId, table.id).where(sql`${table.status} = 'dead'`),
    index("deliveries_execution_idx").on(table.workspaceId, table.executionId),
    check("deliveries_status_check", sql`${table.status} IN ('due', 'done', 'dead')`),
  ],
);

/** What came of each attempt at a delivery. */
export const deliveryAttempts = pgTable(
  "delivery_attempts",
  {
    deliveryId: text("delivery_id").notNull(),
    attempt: integer("attempt").notNull(),
    workspaceId: text("workspace_id").notNull(),
    /** The far side's HTTP status, where it answered. */
    status: integer("status"),
    error: text("error"),
    durationMs: integer("duration_ms").notNull(),
    attemptedAt: moment("attempted_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.deliveryId, table.attempt] })],
);

/** Messages that no consumer could make sense of or get through with: kept to be looked at and played again. */
export const deadLetters = pgTable(
  "dead_letters",
  {
    id: text("id").primaryKey(),
    /** Whose it is, where the message says so. */
    workspaceId: text("workspace_id"),
    queue: text("queue").notNull(),
    body: jsonb("body").notNull(),
    error: text("error").notNull(),
    replayedAt: moment("replayed_at"),
    createdAt: createdAt(),
  },
  (table) => [index("dead_letters_workspace_idx").on(table.workspaceId, table.id)],
);

/** The secret that signs an app's callbacks. */
export const appSigningSecrets = pgTable(
  "app_signing_secrets",
  {
    appId: text("app_id")
      .primaryKey()
      .references(() => apps.id, { onDelete: "cascade" }),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    sealedSecret: text("sealed_secret").notNull(),
    keyVersion: integer("key_version").notNull(),
    createdAt: createdAt(),
  },
  (table) => [index("app_signing_secrets_key_version_idx").on(table.keyVersion)],
);
