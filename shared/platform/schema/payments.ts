import { sql } from "drizzle-orm";
import { bigint, boolean, check, index, integer, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { METERS } from "./billing.ts";
import { createdAt, moment, updatedAt } from "./columns.ts";
import { invoices } from "./invoices.ts";
import { workspaces } from "./workspaces.ts";

/** How an invoice stands with the provider that collects it. */
export const PAYMENT_STATUSES = ["open", "payment_failed", "uncollectible", "paid", "void"] as const;

/** Who a workspace is at the payment provider, and its subscription there. */
export const paymentCustomers = pgTable("payment_customers", {
  workspaceId: text("workspace_id")
    .primaryKey()
    .references(() => workspaces.id),
  /** The provider's id of the customer. */
  reference: text("reference").notNull().unique(),
  /** The latest; it may have ended. */
  subscription: text("subscription").unique(),
  /** What is subscribed to: the provider's id of a price; null: nothing. */
  price: text("price"),
  createdAt: createdAt(),
});

/** Invoices that the payment provider collects. An invoice without a row is paid outside of it. */
export const invoicePayments = pgTable(
  "invoice_payments",
  {
    invoiceId: text("invoice_id")
      .primaryKey()
      .references(() => invoices.id),
    workspaceId: text("workspace_id").notNull(),
    /** The provider's id of the invoice; null: it has not heard of it yet. */
    reference: text("reference").unique(),
    status: text("status", { enum: PAYMENT_STATUSES }).notNull().default("open"),
    /** Where the customer pays. */
    paymentUrl: text("payment_url"),
    /** Whether the provider was told that the money came another way. */
    paidElsewhere: boolean("paid_elsewhere").notNull().default(false),
    /** When both sides are to be compared next; null: nothing more is awaited. */
    dueAt: moment("due_at"),
    /** Why they could not be compared the last time. */
    error: text("error"),
    updatedAt: updatedAt(),
  },
  (table) => [
    index("invoice_payments_due_idx").on(table.dueAt).where(sql`${table.dueAt} IS NOT NULL`),
    check("invoice_payments_status_check", sql`${table.status} IN ('open', 'payment_failed', 'uncollectible', 'paid', 'void')`),
  ],
);

/** Webhooks of the payment provider that have been dealt with, by the ids that it gave them. */
export const paymentEvents = pgTable(
  "payment_events",
  {
    id: text("id").primaryKey(),
    type: text("type").notNull(),
    receivedAt: moment("received_at").notNull(),
  },
  (table) => [index("payment_events_received_idx").on(table.receivedAt)],
);

/**
 * What the payment provider was told of an hour's use. What is found later is told by a further row, so that the rows of an hour
 * add up to it. A row that was offered long ago without an answer is never offered again.
 */
export const meterEvents = pgTable(
  "meter_events",
  {
    workspaceId: text("workspace_id").notNull(),
    meter: text("meter", { enum: METERS }).notNull(),
    hour: moment("hour").notNull(),
    /** 1, 2, … within the hour. */
    sequence: integer("sequence").notNull(),
    /** Negative where less was used than was told before. */
    quantity: bigint("quantity", { mode: "number" }).notNull(),
    /** When it was first offered; null: it has not been, or was refused. */
    offeredAt: moment("offered_at"),
    sentAt: moment("sent_at"),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.workspaceId, table.meter, table.hour, table.sequence] }),
    index("meter_events_unsent_idx").on(table.hour).where(sql`${table.sentAt} IS NULL`),
  ],
);
