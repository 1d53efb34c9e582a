import { sql } from "drizzle-orm";
import { bigint, boolean, check, index, pgTable, pgView, text, unique } from "drizzle-orm/pg-core";
import { METERS } from "./billing.ts";
import { moment } from "./columns.ts";

/** The ledger. Rows are only ever added (a trigger refuses the rest); `id` is made from the run and the meter, so the same use is counted once. */
export const billingUsageEvents = pgTable(
  "billing_usage_events",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id").notNull(),
    /** null: what no app has used by itself, such as storage. */
    appId: text("app_id"),
    executionId: text("execution_id"),
    meter: text("meter", { enum: METERS }).notNull(),
    /** Negative only in corrections. */
    quantity: bigint("quantity", { mode: "number" }).notNull(),
    /** Why a correction was made; null: something was used. */
    reason: text("reason"),
    occurredAt: moment("occurred_at").notNull(),
    recordedAt: moment("recorded_at").notNull().default(sql`now()`),
    /**
     * The number of the transaction that recorded it. All below a snapshot's oldest running one are complete, which neither
     * times nor sequences can promise. Counted on where the database is moved to a server whose numbers are lower.
     */
    position: bigint("position", { mode: "bigint" }).notNull().default(sql`ledger_position()`),
  },
  (table) => [
    index("billing_usage_events_period_idx").on(table.workspaceId, table.meter, table.occurredAt),
    index("billing_usage_events_execution_idx").on(table.workspaceId, table.executionId),
    index("billing_usage_events_position_idx").on(table.position),
    check("billing_usage_events_meter_check", sql`${table.meter} IN ('requests', 'tokens', 'db_storage_bytes', 'egress_bytes', 'run_ms')`),
    check("billing_usage_events_quantity_check", sql`${table.quantity} >= 0 OR ${table.reason} IS NOT NULL`),
  ],
);

/** The ledger by hours (UTC): exactly the events that were recorded before the watermark. */
export const usageHours = pgTable(
  "usage_hours",
  {
    workspaceId: text("workspace_id").notNull(),
    appId: text("app_id"),
    meter: text("meter", { enum: METERS }).notNull(),
    hour: moment("hour").notNull(),
    quantity: bigint("quantity", { mode: "number" }).notNull(),
    events: bigint("events", { mode: "number" }).notNull(),
    /** The watermark at which the row last changed. */
    watermark: bigint("watermark", { mode: "bigint" }).notNull(),
  },
  (table) => [
    unique("usage_hours_key").on(table.workspaceId, table.hour, table.meter, table.appId).nullsNotDistinct(),
    index("usage_hours_changed_idx").on(table.workspaceId, table.watermark),
  ],
);

/** One row: the position up to which (exclusive) `usage_hours` holds the ledger. */
export const usageWatermark = pgTable("usage_watermark", {
  only: boolean("only").primaryKey().default(true),
  position: bigint("position", { mode: "bigint" }).notNull(),
  /** What positions are above the server's own numbers of transactions. */
  ahead: bigint("ahead", { mode: "bigint" }).notNull(),
});

/** The ledger by hours, to this moment: the hours that were added up, and the events since. */
export const usageByHour = pgView("usage_by_hour", {
  workspaceId: text("workspace_id").notNull(),
  appId: text("app_id"),
  meter: text("meter", { enum: METERS }).notNull(),
  hour: moment("hour").notNull(),
  quantity: bigint("quantity", { mode: "number" }).notNull(),
  events: bigint("events", { mode: "number" }).notNull(),
}).as(sql`
  SELECT workspace_id, app_id, meter, hour, quantity, events FROM usage_hours
  UNION ALL
  SELECT workspace_id, app_id, meter, date_trunc('hour', occurred_at, 'UTC'), quantity, 1::bigint FROM billing_usage_events
  WHERE position >= (SELECT position FROM usage_watermark)`);
