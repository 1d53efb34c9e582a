import { sql } from "drizzle-orm";
import { boolean, check, doublePrecision, index, integer, jsonb, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { apps, appVersions } from "./apps.ts";
import { createdAt, moment, updatedAt } from "./columns.ts";
import { workspaces } from "./workspaces.ts";

export const DOMAIN_STATUSES = [
  "pending",
  "verifying",
  "verified",
  "issuing",
  "active",
  "failed",
  "action_needed",
  "moved",
  "removed",
] as const;

export const CERTIFICATE_METHODS = ["http", "txt", "delegated"] as const;

/** Claims of hostnames. A claim that was given up stays as `removed` until it is gone at Cloudflare and its cool-down is over. */
export const appDomains = pgTable(
  "app_domains",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    appId: text("app_id")
      .notNull()
      .references(() => apps.id, { onDelete: "cascade" }),
    /** The version that is served at this host; `null`: whichever the app publishes. */
    versionId: text("version_id").references(() => appVersions.id),
    /** Lower case, punycode, no trailing dot. */
    hostname: text("hostname").notNull(),
    status: text("status", { enum: DOMAIN_STATUSES }).notNull(),
    /** Whether it is to be served once it can be; taken back by a rollback. */
    inService: boolean("in_service").notNull().default(true),
    /** The value of the TXT record that proves this very claim. */
    verificationToken: text("verification_token").notNull(),
    verifiedAt: moment("verified_at"),
    activatedAt: moment("activated_at"),
    /** The hostname that the app's other hostnames lead to, where they redirect. */
    canonical: boolean("canonical").notNull().default(false),
    redirects: boolean("redirects").notNull().default(false),
    /** What the last switch took away, until it is undone. */
    previousAppId: text("previous_app_id").references(() => apps.id, { onDelete: "set null" }),
    previousVersionId: text("previous_version_id").references(() => appVersions.id, { onDelete: "set null" }),
    switchedAt: moment("switched_at"),
    certificateMethod: text("certificate_method", { enum: CERTIFICATE_METHODS }).notNull().default("http"),
    /** Its id at Cloudflare, and what Cloudflare said last. */
    customHostnameId: text("custom_hostname_id"),
    customHostname: jsonb("custom_hostname"),
    /** What the resolvers said last. */
    dns: jsonb("dns"),
    /** What is to be done next, and by whom. */
    nextStep: jsonb("next_step"),
    /** Warnings about the certificate in use that were given. */
    notices: jsonb("notices"),
    checkedAt: moment("checked_at"),
    /** `null`: not by itself. */
    nextCheckAt: moment("next_check_at").default(sql`now()`),
    /** Checks since the schedule was begun. */
    checks: integer("checks").notNull().default(0),
    /** Checks in a row that found the host to lead elsewhere. */
    awayChecks: integer("away_checks").notNull().default(0),
    /** Whoever checks holds the row until then, and writes only while this is still the same. */
    checkingUntil: moment("checking_until"),
    removedAt: moment("removed_at"),
    /** When Cloudflare had nothing of a removed one any more. */
    releasedAt: moment("released_at"),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (table) => [
    uniqueIndex("app_domains_live_hostname_key").on(table.hostname).where(sql`${table.status} <> 'removed'`),
    uniqueIndex("app_domains_canonical_key").on(table.appId).where(sql`${table.canonical} AND ${table.status} <> 'removed'`),
    index("app_domains_app_idx").on(table.workspaceId, table.appId),
    index("app_domains_due_idx").on(table.nextCheckAt),
    index("app_domains_removed_idx").on(table.hostname, table.removedAt).where(sql`${table.status} = 'removed'`),
    check(
      "app_domains_status_check",
      sql`${table.status} IN ('pending', 'verifying', 'verified', 'issuing', 'active', 'failed', 'action_needed', 'moved', 'removed')`,
    ),
    check("app_domains_certificate_method_check", sql`${table.certificateMethod} IN ('http', 'txt', 'delegated')`),
    check("app_domains_redirect_check", sql`NOT (${table.canonical} AND ${table.redirects})`),
    check("app_domains_removed_check", sql`(${table.status} = 'removed') = (${table.removedAt} IS NOT NULL)`),
    check("app_domains_hostname_check", sql`${table.hostname} = lower(${table.hostname})`),
  ],
);

/** Requests that may be made of an outside API, over all isolates: a bucket that fills with time. */
export const apiBudgets = pgTable("api_budgets", {
  name: text("name").primaryKey(),
  tokens: doublePrecision("tokens").notNull(),
  filledAt: moment("filled_at").notNull(),
  /** The API asked to be left alone until then. */
  blockedUntil: moment("blocked_until"),
});
