import { sql } from "drizzle-orm";
import { bigint, boolean, check, date, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { PROVISIONING_STEPS, REPLACEMENT_STEPS } from "#platform/objects/database-pool";
import { createdAt, moment, updatedAt } from "./columns.ts";
import { users } from "./identity.ts";

export const BACKUP_KINDS = ["manual", "daily", "final"] as const;
export const BACKUP_STATUSES = ["running", "ready", "failed", "expired"] as const;
export const RESTORE_STATUSES = ["running", "completed", "failed"] as const;
/** The steps of a restore, in their order. */
export const RESTORE_STEPS = ["verify", "protect", ...REPLACEMENT_STEPS] as const;

export const workspaces = pgTable(
  "workspaces",
  {
    id: text("id").primaryKey(),
    ownerUserId: text("owner_user_id")
      .notNull()
      .references(() => users.id),
    name: text("name").notNull(),
    slug: text("slug").notNull().unique(),
    region: text("region").notNull().default("auto"),
    /** The workspace made at sign-up: one a user, so that making it again finds it. */
    isDefault: boolean("is_default").notNull().default(false),
    status: text("status", { enum: ["active", "deleting"] })
      .notNull()
      .default("active"),
    deleteAt: moment("delete_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("workspaces_default_key").on(table.ownerUserId).where(sql`${table.isDefault}`),
    index("workspaces_owner_idx").on(table.ownerUserId),
    check("workspaces_slug_check", sql`${table.slug} ~ '^[a-z0-9]+(-[a-z0-9]+)*$'`),
    check("workspaces_status_check", sql`${table.status} IN ('active', 'deleting')`),
    check("workspaces_delete_at_check", sql`(${table.status} = 'deleting') = (${table.deleteAt} IS NOT NULL)`),
  ],
);

export const workspaceRoles = pgTable(
  "workspace_roles",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    isSystem: boolean("is_system").notNull().default(false),
    permissions: jsonb("permissions").$type<string[]>().notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [uniqueIndex("workspace_roles_name_key").on(table.workspaceId, table.name)],
);

export const workspaceMembers = pgTable(
  "workspace_members",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    roleId: text("role_id")
      .notNull()
      .references(() => workspaceRoles.id),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("workspace_members_user_key").on(table.workspaceId, table.userId),
    index("workspace_members_user_idx").on(table.userId),
    index("workspace_members_role_idx").on(table.roleId),
  ],
);

export const workspaceInvitations = pgTable(
  "workspace_invitations",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    email: text("email").notNull(),
    roleId: text("role_id")
      .notNull()
      .references(() => workspaceRoles.id),
    tokenHash: text("token_hash").notNull().unique(),
    invitedBy: text("invited_by").references(() => users.id, { onDelete: "set null" }),
    expiresAt: moment("expires_at").notNull(),
    acceptedAt: moment("accepted_at"),
    createdAt: createdAt(),
  },
  (table) => [index("workspace_invitations_workspace_idx").on(table.workspaceId, table.createdAt)],
);

export const apiKeys = pgTable(
  "api_keys",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    /** The first characters of the key, for people to tell keys apart. */
    preview: text("preview").notNull(),
    keyHash: text("key_hash").notNull().unique(),
    scopes: jsonb("scopes").$type<string[]>().notNull(),
    createdBy: text("created_by").references(() => users.id, { onDelete: "set null" }),
    lastUsedAt: moment("last_used_at"),
    expiresAt: moment("expires_at"),
    revokedAt: moment("revoked_at"),
    createdAt: createdAt(),
  },
  (table) => [index("api_keys_workspace_idx").on(table.workspaceId, table.createdAt)],
);

export const workspaceSecrets = pgTable(
  "workspace_secrets",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    name: text("name").notNull(),
    sealedValue: text("sealed_value").notNull(),
    keyVersion: integer("key_version").notNull(),
    createdBy: text("created_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("workspace_secrets_name_key").on(table.workspaceId, table.name),
    index("workspace_secrets_key_version_idx").on(table.keyVersion),
  ],
);

/** Each workspace's own database: where it is and, sealed, how to enter it. Only the DatabasePool object opens the credentials. */
export const workspaceDatabases = pgTable(
  "workspace_databases",
  {
    workspaceId: text("workspace_id")
      .primaryKey()
      .references(() => workspaces.id),
    provider: text("provider", { enum: ["postgres", "mysql", "neon", "planetscale"] }).notNull(),
    name: text("name").notNull().unique(),
    status: text("status", { enum: ["provisioning", "ready", "failed", "suspended", "deleted"] }).notNull(),
    /** What is being done while the database is made. */
    step: text("step", { enum: PROVISIONING_STEPS }),
    error: text("error"),
    region: text("region").notNull(),
    /** What the provider calls it, such as a project's id. */
    reference: text("reference"),
    sealedOwner: text("sealed_owner"),
    sealedRuntime: text("sealed_runtime"),
    /** The credentials that the next entries are to have, until they alone open the database. */
    sealedDraft: text("sealed_draft"),
    keyVersion: integer("key_version"),
    /** Raised when credentials change, so that a pool knows to take the new ones. */
    credentialsRevision: integer("credentials_revision").notNull().default(0),
    /** Bytes of its tables as last measured, and those that the plan allows; null: never measured, any number. */
    storageBytes: bigint("storage_bytes", { mode: "number" }),
    storageLimit: bigint("storage_limit", { mode: "number" }),
    storageMeasuredAt: moment("storage_measured_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    check("workspace_databases_status_check", sql`${table.status} IN ('provisioning', 'ready', 'failed', 'suspended', 'deleted')`),
    check(
      "workspace_databases_ready_check",
      sql`${table.status} <> 'ready' OR (${table.sealedOwner} IS NOT NULL AND ${table.sealedRuntime} IS NOT NULL)`,
    ),
    index("workspace_databases_key_version_idx").on(table.keyVersion),
  ],
);

/** Backups of workspace databases. The archives are in the bucket of files, under `backups/<workspace>/<id>`. */
export const workspaceBackups = pgTable(
  "workspace_backups",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    kind: text("kind", { enum: BACKUP_KINDS }).notNull(),
    status: text("status", { enum: BACKUP_STATUSES }).notNull(),
    /** The day (UTC) that a daily backup is of. */
    day: date("day"),
    engine: text("engine", { enum: ["postgres", "mysql"] }),
    /** Of the archive as it is stored, with its SHA-256. */
    bytes: bigint("bytes", { mode: "number" }),
    sha256: text("sha256"),
    tables: integer("tables"),
    rows: bigint("rows", { mode: "number" }),
    error: text("error"),
    /** The moment that it shows. */
    takenAt: moment("taken_at"),
    expiresAt: moment("expires_at").notNull(),
    createdBy: text("created_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("workspace_backups_workspace_idx").on(table.workspaceId, table.id),
    index("workspace_backups_expires_idx").on(table.status, table.expiresAt),
    uniqueIndex("workspace_backups_day_key").on(table.workspaceId, table.day),
    check("workspace_backups_kind_check", sql`${table.kind} IN ('manual', 'daily', 'final')`),
    check("workspace_backups_status_check", sql`${table.status} IN ('running', 'ready', 'failed', 'expired')`),
    check("workspace_backups_day_check", sql`(${table.kind} = 'daily') = (${table.day} IS NOT NULL)`),
    check(
      "workspace_backups_ready_check",
      sql`${table.status} <> 'ready' OR (${table.bytes} IS NOT NULL AND ${table.sha256} IS NOT NULL AND ${table.takenAt} IS NOT NULL)`,
    ),
  ],
);

/** Backups put in the place of what a workspace's database held. */
export const workspaceRestores = pgTable(
  "workspace_restores",
  {
    id: text("id").primaryKey(),
    /** Whose database it is put into. */
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    backupId: text("backup_id")
      .notNull()
      .references(() => workspaceBackups.id, { onDelete: "cascade" }),
    /** Of what the database held before; null where there was none. */
    safetyBackupId: text("safety_backup_id").references(() => workspaceBackups.id, { onDelete: "set null" }),
    status: text("status", { enum: RESTORE_STATUSES }).notNull(),
    step: text("step", { enum: RESTORE_STEPS }),
    error: text("error"),
    createdBy: text("created_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("workspace_restores_backup_idx").on(table.backupId),
    index("workspace_restores_safety_idx").on(table.safetyBackupId),
    uniqueIndex("workspace_restores_running_key").on(table.workspaceId).where(sql`${table.status} = 'running'`),
    check("workspace_restores_status_check", sql`${table.status} IN ('running', 'completed', 'failed')`),
  ],
);

export const auditLogs = pgTable(
  "audit_logs",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    actorType: text("actor_type", { enum: ["anonymous", "user", "api_key", "system"] }).notNull(),
    actorId: text("actor_id"),
    action: text("action").notNull(),
    targetType: text("target_type").notNull(),
    targetId: text("target_id").notNull(),
    before: jsonb("before"),
    after: jsonb("after"),
    requestId: text("request_id").notNull(),
    /** Keyed hashes of where the request came from: the same address, or browser, has the same one. Null where there was no request. */
    ipHash: text("ip_hash"),
    userAgentHash: text("user_agent_hash"),
    createdAt: createdAt(),
  },
  (table) => [
    index("audit_logs_workspace_idx").on(table.workspaceId, table.id),
    index("audit_logs_actor_idx").on(table.workspaceId, table.actorId, table.id),
    index("audit_logs_action_idx").on(table.workspaceId, table.action, table.id),
    index("audit_logs_target_idx").on(table.workspaceId, table.targetType, table.targetId),
  ],
);

/** First answers of writes that carried an Idempotency-Key. `scope` is caller and route, so tenants never meet. */
export const idempotencyKeys = pgTable(
  "idempotency_keys",
  {
    scope: text("scope").notNull(),
    key: text("key").notNull(),
    requestHash: text("request_hash").notNull(),
    status: integer("status"),
    body: text("body"),
    contentType: text("content_type"),
    createdAt: createdAt(),
    expiresAt: moment("expires_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.key] }), index("idempotency_keys_expires_idx").on(table.expiresAt)],
);
