import { sql } from "drizzle-orm";
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
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

/** The plan in force for a workspace in a period, and the limits copied from it then. */
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
    limits: jsonb("limits").$type<MeterLimits>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.periodStart] }),
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

/** The ledger. Rows are only ever added; `id` is made from the run and the meter, so the same use is counted once. */
export const billingUsageEvents = pgTable(
  "billing_usage_events",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id").notNull(),
    /** null: what no app has used by itself, such as storage. */
    appId: text("app_id"),
    executionId: text("execution_id"),
    meter: text("meter", { enum: METERS }).notNull(),
    quantity: bigint("quantity", { mode: "number" }).notNull(),
    occurredAt: moment("occurred_at").notNull(),
    recordedAt: moment("recorded_at").notNull().default(sql`now()`),
  },
  (table) => [
    index("billing_usage_events_period_idx").on(table.workspaceId, table.meter, table.occurredAt),
    index("billing_usage_events_execution_idx").on(table.workspaceId, table.executionId),
    check("billing_usage_events_meter_check", sql`${table.meter} IN ('requests', 'tokens', 'db_storage_bytes', 'egress_bytes', 'run_ms')`),
  ],
);

export const invoices = pgTable(
  "invoices",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    number: text("number").notNull().unique(),
    status: text("status", { enum: ["draft", "open", "paid", "void"] }).notNull(),
    periodStart: moment("period_start").notNull(),
    periodEnd: moment("period_end").notNull(),
    currency: text("currency").notNull(),
    lines: jsonb("lines").notNull(),
    subtotalMinor: bigint("subtotal_minor", { mode: "number" }).notNull(),
    taxMinor: bigint("tax_minor", { mode: "number" }).notNull(),
    totalMinor: bigint("total_minor", { mode: "number" }).notNull(),
    issuedAt: moment("issued_at"),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex("invoices_period_key").on(table.workspaceId, table.periodStart, table.periodEnd).where(sql`${table.status} <> 'void'`),
    check("invoices_status_check", sql`${table.status} IN ('draft', 'open', 'paid', 'void')`),
    check("invoices_total_check", sql`${table.totalMinor} = ${table.subtotalMinor} + ${table.taxMinor}`),
  ],
);
