import { sql } from "drizzle-orm";
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { METERS } from "./billing.ts";
import { createdAt, moment } from "./columns.ts";
import { workspaces } from "./workspaces.ts";

export const INVOICE_STATUSES = ["draft", "open", "paid", "void"] as const;

export const INVOICE_LINE_KINDS = [
  "base",
  "proration_credit",
  "proration_charge",
  "overage",
  "adjustment",
  "carried_in",
  "carried_out",
] as const;

/** Whom an invoice was made out to, as it stood then. */
export interface InvoiceCustomer {
  readonly name: string;
  readonly address: string;
  readonly tax_id: string;
  readonly email: string;
}

/** Invoices are written once, with their number; afterwards only their payment changes (a trigger refuses the rest). */
export const invoices = pgTable(
  "invoices",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    number: text("number").notNull().unique(),
    status: text("status", { enum: INVOICE_STATUSES }).notNull(),
    periodStart: moment("period_start").notNull(),
    periodEnd: moment("period_end").notNull(),
    /** The zone in which the period's days are meant. */
    timeZone: text("time_zone").notNull().default("UTC"),
    currency: text("currency").notNull(),
    customer: jsonb("customer").$type<InvoiceCustomer>().notNull(),
    subtotalMinor: bigint("subtotal_minor", { mode: "number" }).notNull(),
    taxBasisPoints: integer("tax_basis_points").notNull().default(0),
    taxMinor: bigint("tax_minor", { mode: "number" }).notNull(),
    totalMinor: bigint("total_minor", { mode: "number" }).notNull(),
    issuedAt: moment("issued_at"),
    paidAt: moment("paid_at"),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex("invoices_period_key").on(table.workspaceId, table.periodStart, table.periodEnd).where(sql`${table.status} <> 'void'`),
    index("invoices_workspace_idx").on(table.workspaceId, table.id),
    check("invoices_status_check", sql`${table.status} IN ('draft', 'open', 'paid', 'void')`),
    check("invoices_total_check", sql`${table.totalMinor} = ${table.subtotalMinor} + ${table.taxMinor}`),
  ],
);

export const invoiceLines = pgTable(
  "invoice_lines",
  {
    invoiceId: text("invoice_id")
      .notNull()
      .references(() => invoices.id),
    /** From 1, in the order shown. */
    line: integer("line").notNull(),
    workspaceId: text("workspace_id").notNull(),
    kind: text("kind", { enum: INVOICE_LINE_KINDS }).notNull(),
    planName: text("plan_name"),
    meter: text("meter", { enum: METERS }),
    coversStart: moment("covers_start").notNull(),
    coversEnd: moment("covers_end").notNull(),
    /** Units of the meter: used, included in the plan, and paid for. In an adjustment, what was used and paid for beyond what was billed before. */
    used: bigint("used", { mode: "number" }),
    included: bigint("included", { mode: "number" }),
    billable: bigint("billable", { mode: "number" }),
    unitPriceMicros: bigint("unit_price_micros", { mode: "number" }),
    amountMinor: bigint("amount_minor", { mode: "number" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.invoiceId, table.line] }),
    index("invoice_lines_covers_idx").on(table.workspaceId, table.meter, table.coversStart),
  ],
);

export const creditNotes = pgTable(
  "credit_notes",
  {
    id: text("id").primaryKey(),
    workspaceId: text("workspace_id").notNull(),
    invoiceId: text("invoice_id")
      .notNull()
      .references(() => invoices.id),
    number: text("number").notNull().unique(),
    /** What is given back, tax included. */
    amountMinor: bigint("amount_minor", { mode: "number" }).notNull(),
    taxMinor: bigint("tax_minor", { mode: "number" }).notNull(),
    reason: text("reason").notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index("credit_notes_invoice_idx").on(table.workspaceId, table.invoiceId),
    check("credit_notes_amount_check", sql`${table.amountMinor} > 0`),
  ],
);

/** The last number given in each series of documents. It is raised in the transaction that writes the document, so there are no gaps. */
export const documentNumbers = pgTable("document_numbers", {
  series: text("series", { enum: ["invoice", "credit_note"] }).primaryKey(),
  last: bigint("last", { mode: "number" }).notNull(),
});
