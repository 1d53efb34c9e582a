import { sql } from "drizzle-orm";
import { type AnyPgColumn, boolean, check, index, integer, json, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { createdAt, moment, updatedAt } from "./columns.ts";
import { users } from "./identity.ts";
import { workspaces } from "./workspaces.ts";

export const APP_STATUSES = ["draft", "published", "unpublished", "archived"] as const;

export const apps = pgTable(
  "apps",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    slug: text("slug").notNull(),
    name: text("name").notNull(),
    description: text("description").notNull().default(""),
    status: text("status", { enum: APP_STATUSES }).notNull().default("draft"),
    /** The editable manifest, its keys in the order in which they were written. Valid whenever it was stored. */
    draft: json("draft").notNull(),
    draftRevision: integer("draft_revision").notNull().default(1),
    currentVersionId: text("current_version_id").references((): AnyPgColumn => appVersions.id),
    /** Raised by everything that changes what visitors get; a route cached under another epoch is stale. */
    epoch: integer("epoch").notNull().default(1),
    publishedAt: moment("published_at"),
    createdBy: text("created_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("apps_slug_key").on(table.workspaceId, table.slug),
    index("apps_workspace_idx").on(table.workspaceId, table.id),
    check("apps_slug_check", sql`${table.slug} ~ '^[a-z0-9]+(-[a-z0-9]+)*$'`),
    check("apps_status_check", sql`${table.status} IN ('draft', 'published', 'unpublished', 'archived')`),
    check("apps_published_check", sql`${table.status} <> 'published' OR ${table.currentVersionId} IS NOT NULL`),
  ],
);

/** The graphs of versions. Versions with the same graph share one row, found by its digest. */
export const workflows = pgTable(
  "workflows",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    appId: text("app_id")
      .notNull()
      .references(() => apps.id, { onDelete: "cascade" }),
    digest: text("digest").notNull(),
    definition: json("definition").notNull(),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex("workflows_digest_key").on(table.appId, table.digest)],
);

/** Frozen manifests, numbered from 1 within their app. Rows are never updated. */
export const appVersions = pgTable(
  "app_versions",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    appId: text("app_id")
      .notNull()
      .references(() => apps.id, { onDelete: "cascade" }),
    number: integer("number").notNull(),
    name: text("name").notNull(),
    description: text("description").notNull().default(""),
    changelog: text("changelog").notNull().default(""),
    workflowId: text("workflow_id")
      .notNull()
      .references(() => workflows.id),
    uiSchema: json("ui_schema").notNull(),
    dbSchema: json("db_schema").notNull(),
    accessPolicy: json("access_policy").notNull(),
    config: json("config").notNull(),
    createdBy: text("created_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex("app_versions_number_key").on(table.appId, table.number),
    index("app_versions_workspace_idx").on(table.workspaceId, table.appId),
    index("app_versions_workflow_idx").on(table.workflowId),
  ],
);

/** The policy in force, one an app; versions carry the one they were frozen with. */
export const appAccessPolicies = pgTable(
  "app_access_policies",
  {
    appId: text("app_id")
      .primaryKey()
      .references(() => apps.id, { onDelete: "cascade" }),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    accessMode: text("access_mode", { enum: ["private", "public_auth", "public_anonymous", "password", "api_key"] }).notNull(),
    dataClassification: text("data_classification", { enum: ["public", "internal", "confidential", "restricted"] })
      .notNull()
      .default("public"),
    /** Of the app's password, as of users' passwords. No part of the policy that versions carry. */
    passwordHash: text("password_hash"),
    /** Raised whenever the password is set or taken away: what was let in by an earlier one is not any more. 0: never set. */
    passwordGeneration: integer("password_generation").notNull().default(0),
    rateLimit: jsonb("rate_limit").notNull(),
    allowedOrigins: jsonb("allowed_origins").$type<string[]>().notNull(),
    requireCaptcha: boolean("require_captcha").notNull(),
    /** What counts as unusual, and what is done about it; `null` where nothing does. */
    anomaly: jsonb("anomaly"),
    updatedBy: text("updated_by").references(() => users.id, { onDelete: "set null" }),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("app_access_policies_workspace_idx").on(table.workspaceId),
    check(
      "app_access_policies_mode_check",
      sql`${table.accessMode} IN ('private', 'public_auth', 'public_anonymous', 'password', 'api_key')`,
    ),
    check(
      "app_access_policies_classification_check",
      sql`${table.dataClassification} IN ('public', 'internal', 'confidential', 'restricted')`,
    ),
  ],
);

/** Sessions of visitors that members have ended. Kept for as long as a token of theirs may still be about. */
export const endedSessions = pgTable(
  "ended_sessions",
  {
    appId: text("app_id")
      .notNull()
      .references(() => apps.id, { onDelete: "cascade" }),
    sessionId: text("session_id").notNull(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    endedAt: moment("ended_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.appId, table.sessionId] }),
    index("ended_sessions_workspace_idx").on(table.workspaceId, table.appId, table.endedAt),
  ],
);

/** What each app claims of its workspace's database: the db_schema that the database was last brought to for it. */
export const workspaceSchemas = pgTable(
  "workspace_schemas",
  {
    appId: text("app_id")
      .primaryKey()
      .references(() => apps.id, { onDelete: "cascade" }),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    schema: jsonb("schema").notNull(),
    /** Raised by each change. */
    version: integer("version").notNull().default(1),
    updatedAt: updatedAt(),
  },
  (table) => [index("workspace_schemas_workspace_idx").on(table.workspaceId)],
);
