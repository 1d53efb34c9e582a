import { and, asc, desc, eq, inArray, lt } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { AppError, notFound } from "#platform/errors";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import {
  auditLogs,
  creditNotes,
  type INVOICE_STATUSES,
  type InvoiceCustomer,
  invoiceLines,
  invoicePayments,
  invoices,
  type PAYMENT_STATUSES,
} from "#platform/schema";
import { type InvoiceLineView, lineView } from "./line-view.ts";
import { decimalOf } from "./money.ts";
import { tellProvider } from "./payments/owed.ts";

interface CreditNoteView {
  readonly id: string;
  readonly number: string;
  readonly amount_minor: number;
  readonly amount: string;
  /** Tax in it. */
  readonly tax_minor: number;
  readonly reason: string;
  readonly created_at: string;
}

/** An invoice as the members' API shows it. Amounts are in minor units, and once more as decimal numbers. */
export interface InvoiceView {
  readonly id: string;
  readonly number: string;
  readonly status: (typeof INVOICE_STATUSES)[number];
  readonly period_start: string;
  readonly period_end: string;
  readonly time_zone: string;
  readonly currency: string;
  readonly customer: InvoiceCustomer;
  readonly subtotal_minor: number;
  readonly subtotal: string;
  readonly tax_basis_points: number;
  readonly tax_minor: number;
  readonly tax: string;
  readonly total_minor: number;
  readonly total: string;
  /** What credit notes have given back. */
  readonly credited_minor: number;
  /** What is still to be paid. */
  readonly due_minor: number;
  readonly due: string;
  readonly issued_at: string | null;
  readonly paid_at: string | null;
  /** How it stands with the provider that collects it; null: it is paid by hand. */
  readonly payment_status: (typeof PAYMENT_STATUSES)[number] | null;
  /** Where it can be paid; null where there is no such place, or nothing is left to be paid. */
  readonly payment_url: string | null;
}

export interface InvoiceDetails extends InvoiceView {
  readonly lines: readonly InvoiceLineView[];
  readonly credit_notes: readonly CreditNoteView[];
}

type InvoiceRow = typeof invoices.$inferSelect;
type CreditNoteRow = typeof creditNotes.$inferSelect;
type PaymentRow = typeof invoicePayments.$inferSelect;

function present(row: InvoiceRow, notes: readonly CreditNoteRow[], payment: PaymentRow | undefined): InvoiceView {
  const decimal = (amount: number) => decimalOf(amount, row.currency);
  const credited = creditedOf(notes);
  const due = row.status === "open" ? row.totalMinor - credited : 0;
  return {
    id: row.id,
    number: row.number,
    status: row.status,
    period_start: row.periodStart.toISOString(),
    period_end: row.periodEnd.toISOString(),
    time_zone: row.timeZone,
    currency: row.currency,
    customer: row.customer,
    subtotal_minor: row.subtotalMinor,
    subtotal: decimal(row.subtotalMinor),
    tax_basis_points: row.taxBasisPoints,
    tax_minor: row.taxMinor,
    tax: decimal(row.taxMinor),
    total_minor: row.totalMinor,
    total: decimal(row.totalMinor),
    credited_minor: credited,
    due_minor: due,
    due: decimal(due),
    issued_at: row.issuedAt?.toISOString() ?? null,
    paid_at: row.paidAt?.toISOString() ?? null,
    payment_status: payment?.status ?? null,
    payment_url: row.status === "open" ? (payment?.paymentUrl ?? null) : null,
  };
}

export function creditedOf(notes: readonly Pick<CreditNoteRow, "amountMinor">[]): number {
  return notes.reduce((sum, note) => sum + note.amountMinor, 0);
}

/** The invoices of a workspace, newest first. */
export async function listInvoices(ctx: Context, workspaceId: string, page: PageRequest): Promise<Page<InvoiceView>> {
  const after = readCursor(page.cursor);
  const rows = await ctx.db
    .select()
    .from(invoices)
    .where(and(eq(invoices.workspaceId, workspaceId), after === undefined ? undefined : lt(invoices.id, after)))
    .orderBy(desc(invoices.id))
    .limit(page.limit + 1);
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return { data: [], next_cursor: null };
  const [notes, payments] = await Promise.all([
    ctx.db.select().from(creditNotes).where(inArray(creditNotes.invoiceId, ids)),
    ctx.db.select().from(invoicePayments).where(inArray(invoicePayments.invoiceId, ids)),
  ]);
  const notesOf = Map.groupBy(notes, (note) => note.invoiceId);
  const paymentOf = new Map(payments.map((payment) => [payment.invoiceId, payment]));
  return toPage(rows, page.limit, (row) => present(row, notesOf.get(row.id) ?? [], paymentOf.get(row.id)));
}

/** An invoice with its lines and credit notes. Errors: `not_found`. */
export async function getInvoice(ctx: Context, workspaceId: string, invoiceId: string): Promise<InvoiceDetails> {
  const [row] = await ctx.db.select().from(invoices).where(ofWorkspace(workspaceId, invoiceId));
  if (!row) throw notFound("The invoice");
  const [lines, notes, [payment]] = await Promise.all([
    ctx.db.select().from(invoiceLines).where(eq(invoiceLines.invoiceId, row.id)).orderBy(asc(invoiceLines.line)),
    ctx.db.select().from(creditNotes).where(eq(creditNotes.invoiceId, row.id)).orderBy(asc(creditNotes.id)),
    ctx.db.select().from(invoicePayments).where(eq(invoicePayments.invoiceId, row.id)),
  ]);
  return {
    ...present(row, notes, payment),
    lines: lines.map(({ coversStart, coversEnd, ...line }) =>
      lineView({ ...line, coversStart: coversStart.getTime(), coversEnd: coversEnd.getTime() }, line.line, row),
    ),
    credit_notes: notes.map((note) => ({
      id: note.id,
      number: note.number,
      amount_minor: note.amountMinor,
      amount: decimalOf(note.amountMinor, row.currency),
      tax_minor: note.taxMinor,
      reason: note.reason,
      created_at: note.createdAt.toISOString(),
    })),
  };
}

function ofWorkspace(workspaceId: string, invoiceId: string) {
  return and(eq(invoices.workspaceId, workspaceId), eq(invoices.id, invoiceId));
}

/** Takes an invoice until the transaction ends, so that its payment and credits are decided one after the other. Errors: `not_found`. */
export async function lockInvoice(tx: Transaction, workspaceId: string, invoiceId: string): Promise<InvoiceRow> {
  const [row] = await tx.select().from(invoices).where(ofWorkspace(workspaceId, invoiceId)).for("update");
  if (!row) throw notFound("The invoice");
  return row;
}

/** Notes that an invoice was paid. Once it is paid, nothing changes any more. Errors: `not_found`, `invalid_state`. */
export async function markInvoicePaid(ctx: Context, workspaceId: string, invoiceId: string): Promise<InvoiceDetails> {
  await ctx.transaction(async (tx) => {
    const { status } = await lockInvoice(tx, workspaceId, invoiceId);
    if (status === "paid") return;
    if (status !== "open") throw new AppError("invalid_state", `Only an open invoice can be paid; this one is ${status}.`);
    await setStatus(ctx, tx, workspaceId, invoiceId, "paid");
    await tellProvider(ctx, tx, invoiceId, { paidElsewhere: true });
    const target = { workspaceId, targetType: "invoice", targetId: invoiceId };
    await tx.insert(auditLogs).values(auditRow(ctx, { ...target, action: "invoice.paid", before: { status }, after: { status: "paid" } }));
  });
  return getInvoice(ctx, workspaceId, invoiceId);
}

/** Ends an invoice: nothing is left to be paid, or nothing is to be paid after all. */
export async function setStatus(
  ctx: Context,
  tx: Transaction,
  workspaceId: string,
  invoiceId: string,
  status: "paid" | "void",
): Promise<void> {
  await tx
    .update(invoices)
    .set({ status, paidAt: status === "paid" ? new Date(ctx.clock.now()) : null })
    .where(ofWorkspace(workspaceId, invoiceId));
}
