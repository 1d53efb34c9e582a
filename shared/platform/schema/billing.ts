import { sql } from "drizzle-orm";
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { apps } from "./apps.ts";
import { createdAt, moment, updatedAt } from "./columns.ts";
import { users } from "./identity.ts";
import { workspaces } from "./workspaces.ts";

export const METERS = ["requests", "tokens", "db_storage_bytes", "egress_bytes", "run_ms"] as const;
export type Meter = (typeof METERS)[number];

/** Units a period; `null` is unlimited. */
export type MeterLimits = Record<Meter, number | null>;

export const billingPlans = pgTable("billing_plans", {
  code: text("code").primaryKey(),
  name: text("name").notNull(),
  position: integer("position").notNull(),
  currency: text("currency").notNull(),
  /** Price of a month, in minor units of the currency. */
  priceMinor: bigint("price_minor", { mode: "number" }).notNull(),
  limits: jsonb("limits").$type<MeterLimits>().notNull(),
  /** Micro-units of the currency a unit of the meter above the limit; a meter without a price stops hard. */
  overageMicros: jsonb("overage_micros").$type<Partial<Record<Meter, number>>>().notNull(),
  /** Days for which backups of the workspace's database are kept. */
  backupDays: integer("backup_days").notNull().default(7),
});

/** What a plan promised when it was taken: later changes of the plans on offer do not change what was agreed. */
export interface PlanTerms {
  readonly code: string;
  readonly name: string;
  readonly currency: string;
  readonly price_minor: number;
  readonly limits: Readonly<MeterLimits>;
  readonly overage_micros: Readonly<Partial<Record<Meter, number>>>;
}

/** Whom a workspace's invoices are made out to, and when its periods begin. Its row is also what changes of billing wait for. */
export const billingProfiles = pgTable(
  "billing_profiles",
  {
    workspaceId: text("workspace_id")
      .primaryKey()
      .references(() => workspaces.id),
    customerName: text("customer_name").notNull().default(""),
    address: text("address").notNull().default(""),
    taxId: text("tax_id").notNull().default(""),
    email: text("email").notNull().default(""),
    /** IANA name of the zone in whose midnight periods begin. */
    timeZone: text("time_zone").notNull().default("UTC"),
    /** Day of the month on which periods begin; the last day of months that are shorter. */
    anchorDay: integer("anchor_day").notNull().default(1),
    updatedAt: updatedAt(),
  },
  (table) => [check("billing_profiles_anchor_check", sql`${table.anchorDay} BETWEEN 1 AND 31`)],
);

/** A billing period of a workspace, the plan in force at its end (so far), and where its meters stop. */
export const workspaceQuotas = pgTable(
  "workspace_quotas",
  {
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    periodStart: moment("period_start").notNull(),
    periodEnd: moment("period_end").notNull(),
    planCode: text("plan_code")
      .notNull()
      .references(() => billingPlans.code),
    /** Units at which a meter stops in this period; `null` where it goes on, for a price or without. */
    limits: jsonb("limits").$type<MeterLimits>().notNull(),
    /** Milliseconds of a full period, where this one is shorter or longer because the profile was changed. */
    fullMs: bigint("full_ms", { mode: "number" }),
    /** The plan of the next period, when it is to be another. */
    nextPlanCode: text("next_plan_code").references(() => billingPlans.code),
    /** Set once the period is billed, or owes nothing: what stands before this position in the ledger was billed with it. */
    ratedTo: bigint("rated_to", { mode: "bigint" }),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.periodStart] }),
    index("workspace_quotas_unrated_idx").on(table.periodEnd).where(sql`${table.ratedTo} IS NULL`),
    check("workspace_quotas_period_check", sql`${table.periodStart} < ${table.periodEnd}`),
  ],
);

/** What one app may use of its workspace's quota in a period. */
export const appBudgets = pgTable(
  "app_budgets",
  {
    appId: text("app_id")
      .primaryKey()
      .references(() => apps.id, { onDelete: "cascade" }),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    /** Units a period; null: as many as the workspace has. */
    requests: bigint("requests", { mode: "number" }),
    tokens: bigint("tokens", { mode: "number" }),
    updatedBy: text("updated_by").references(() => users.id, { onDelete: "set null" }),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("app_budgets_workspace_idx").on(table.workspaceId),
    check("app_budgets_some_check", sql`${table.requests} IS NOT NULL OR ${table.tokens} IS NOT NULL`),
    check("app_budgets_size_check", sql`${table.requests} >= 0 AND ${table.tokens} >= 0`),
  ],
);

/** Which plan was in force from when on. A segment ends where the next one begins, or with its period. */
export const planSegments = pgTable(
  "plan_segments",
  {
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    startsAt: moment("starts_at").notNull(),
    periodStart: moment("period_start").notNull(),
    terms: jsonb("terms").$type<PlanTerms>().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.startsAt] }),
    check("plan_segments_start_check", sql`${table.periodStart} <= ${table.startsAt}`),
  ],
);
