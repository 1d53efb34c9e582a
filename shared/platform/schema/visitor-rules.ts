import { sql } from "drizzle-orm";
import { check, index, pgTable, text, unique } from "drizzle-orm/pg-core";
import { apps } from "./apps.ts";
import { createdAt, moment, updatedAt } from "./columns.ts";
import { users } from "./identity.ts";
import { workspaces } from "./workspaces.ts";

export const VISITOR_RULE_KINDS = ["deny", "challenge", "slow"] as const;
/** Who makes rules: members, and the watch over an app's traffic for the anomaly of this name. */
export const VISITOR_RULE_SOURCES = ["member", "frequency", "failure_rate", "spike"] as const;
export const VISITOR_MATCH_TYPES = ["ip", "cidr", "asn", "country", "network", "session", "all"] as const;

/** What befalls visitors who match: of one app, or of all apps of the workspace. */
export const visitorRules = pgTable(
  "visitor_rules",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id, { onDelete: "cascade" }),
    /** `null` for all apps of the workspace. */
    appId: text("app_id").references(() => apps.id, { onDelete: "cascade" }),
    source: text("source", { enum: VISITOR_RULE_SOURCES }).notNull(),
    kind: text("kind", { enum: VISITOR_RULE_KINDS }).notNull(),
    matchType: text("match_type", { enum: VISITOR_MATCH_TYPES }).notNull(),
    /** In its one spelling, so that the same match is the same text; empty for `all`. */
    matchValue: text("match_value").notNull(),
    reason: text("reason").notNull().default(""),
    expiresAt: moment("expires_at"),
    createdBy: text("created_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: createdAt(),
    /** Since when it is as it is: a challenge asks for a proof that is newer. */
    updatedAt: updatedAt(),
  },
  (table) => [
    unique("visitor_rules_match_key")
      .on(table.workspaceId, table.appId, table.source, table.matchType, table.matchValue)
      .nullsNotDistinct(),
    index("visitor_rules_workspace_idx").on(table.workspaceId, table.id),
    index("visitor_rules_app_idx").on(table.appId),
    index("visitor_rules_expiry_idx").on(table.expiresAt).where(sql`${table.expiresAt} IS NOT NULL`),
    check("visitor_rules_kind_check", sql`${table.kind} IN ('deny', 'challenge', 'slow')`),
    check("visitor_rules_source_check", sql`${table.source} IN ('member', 'frequency', 'failure_rate', 'spike')`),
    check("visitor_rules_match_type_check", sql`${table.matchType} IN ('ip', 'cidr', 'asn', 'country', 'network', 'session', 'all')`),
    check("visitor_rules_expiry_check", sql`${table.source} = 'member' OR ${table.expiresAt} IS NOT NULL`),
  ],
);
