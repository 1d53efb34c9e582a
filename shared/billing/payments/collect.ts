import { asc, eq, lte, sql } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { errorCode, errorMessage } from "#platform/errors";
import { auditLogs, invoicePayments } from "#platform/schema";
import { getInvoice, type InvoiceDetails, lockInvoice, setStatus } from "../invoices.ts";
import { paymentProvider } from "./configured.ts";
import { customerFor } from "./customers.ts";
import type { Collection, InvoiceToCollect, PaymentProvider } from "./port.ts";

/** Milliseconds until an invoice that is not paid is looked at again, should no webhook come. */
const LOOK_AGAIN_MS = 24 * 3_600_000;
/** Milliseconds until what could not be reached, or was refused, is tried again. */
const AFTER_FAILURE_MS = { unavailable: 5 * 60_000, refused: 3_600_000 };
/** Invoices a call. */
const AT_ONCE = 50;

type PaymentRow = typeof invoicePayments.$inferSelect;

/**
 * Brings the payment provider to know of invoices what we know (that they are there, credited, paid another way), and us what it
 * knows (that they are paid, or could not be). Does nothing where there is no provider. One that fails holds up no other.
 */
export async function collectPayments(ctx: Context): Promise<void> {
  const provider = await paymentProvider(ctx);
  if (!provider) return;
  const due = await ctx.db
    .select()
    .from(invoicePayments)
    .where(lte(invoicePayments.dueAt, new Date(ctx.clock.now())))
    .orderBy(asc(invoicePayments.dueAt))
    .limit(AT_ONCE);
  for (const row of due) {
    try {
      await compare(ctx, provider, row);
    } catch (error) {
      ctx.log.error("a payment could not be followed", error, { workspace_id: row.workspaceId, invoice_id: row.invoiceId });
      const isUnavailable = errorCode(error) === "upstream_unavailable";
      await putOff(ctx, row, isUnavailable ? "unavailable" : "refused", errorMessage(error));
      // The others would fare no better.
      if (isUnavailable) return;
    }
  }
}

/** Each step may be repeated, and what was done before an interruption is found again. */
async function compare(ctx: Context, provider: PaymentProvider, row: PaymentRow): Promise<void> {
  const { workspaceId, invoiceId } = row;
  const invoice = await getInvoice(ctx, workspaceId, invoiceId);
  const reference = row.reference ?? (await open(ctx, provider, workspaceId, invoice));
  for (const note of invoice.credit_notes) {
    const { id, amount_minor: amountMinor, reason } = note;
    await provider.credit(reference, { id, amountMinor, currency: invoice.currency, reason, paidElsewhere: row.paidElsewhere });
  }
  if (row.paidElsewhere) await provider.paidElsewhere(reference);
  await takeOver(ctx, provider, row, reference);
}

async function open(ctx: Context, provider: PaymentProvider, workspaceId: string, invoice: InvoiceDetails): Promise<string> {
  const customer = await customerFor(ctx, provider, workspaceId, invoice.customer);
  return (await provider.collect(toCollect(invoice, customer))).reference;
}

function toCollect(invoice: InvoiceDetails, customer: string): InvoiceToCollect {
  const tax = { description: `Tax (${invoice.tax_basis_points / 100} %)`, amountMinor: invoice.tax_minor };
  return {
    id: invoice.id,
    number: invoice.number,
    customer,
    currency: invoice.currency,
    issuedAt: Date.parse(invoice.issued_at ?? invoice.period_end),
    lines: [
      ...invoice.lines.map(({ description, amount_minor }) => ({ description, amountMinor: amount_minor })),
      ...(invoice.tax_minor === 0 ? [] : [tax]),
    ],
    totalMinor: invoice.total_minor,
  };
}

/**
 * Takes over how an invoice stands at the provider. The provider is asked while the invoice is held: so of two that ask at the
 * same time, the one that writes last has read last.
 */
export async function takeOver(ctx: Context, provider: PaymentProvider, row: PaymentRow, reference: string): Promise<void> {
  await ctx.transaction(async (tx) => {
    const invoice = await lockInvoice(tx, row.workspaceId, row.invoiceId);
    const collection = await provider.read(reference);
    if (invoice.status === "open") await follow(ctx, tx, row, collection);
    const isOver = collection.status === "paid" || collection.status === "void";
    const next = isOver ? null : new Date(ctx.clock.now() + LOOK_AGAIN_MS);
    const { status, paymentUrl } = collection;
    await tx
      .update(invoicePayments)
      .set({ reference, status, paymentUrl, error: null, ...dueNext(ctx, row, next) })
      .where(eq(invoicePayments.invoiceId, row.invoiceId));
  });
}

/** What has happened at the provider happens to our open invoice. */
async function follow(ctx: Context, tx: Transaction, row: PaymentRow, { status }: Collection): Promise<void> {
  if (status !== "paid" && status !== "void") return;
  await setStatus(ctx, tx, row.workspaceId, row.invoiceId, status);
  const target = { workspaceId: row.workspaceId, targetType: "invoice", targetId: row.invoiceId };
  const action = status === "paid" ? "invoice.paid" : "invoice.voided";
  await tx.insert(auditLogs).values(auditRow(ctx, { ...target, action, before: { status: "open" }, after: { status } }));
}

async function putOff(ctx: Context, row: PaymentRow, reason: keyof typeof AFTER_FAILURE_MS, error: string): Promise<void> {
  const next = new Date(ctx.clock.now() + AFTER_FAILURE_MS[reason]);
  await ctx.db
    .update(invoicePayments)
    .set({ error, ...dueNext(ctx, row, next) })
    .where(eq(invoicePayments.invoiceId, row.invoiceId));
}

/** When to look next, unless something has happened since the row was read that is to be told at once. */
function dueNext(ctx: Context, { dueAt }: PaymentRow, next: Date | null) {
  const [before, after] = [dueAt, next].map((at) => sql`${at?.toISOString() ?? null}::timestamptz`);
  const column = invoicePayments.dueAt;
  return {
    dueAt: sql`CASE WHEN ${column} IS NOT DISTINCT FROM ${before} THEN ${after} ELSE ${column} END`,
    updatedAt: new Date(ctx.clock.now()),
  };
}
