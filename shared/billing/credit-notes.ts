import { eq } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError, validationFailed } from "#platform/errors";
import { auditLogs, creditNotes } from "#platform/schema";
import { nextNumber } from "./document-numbers.ts";
import { creditedOf, getInvoice, type InvoiceDetails, lockInvoice, setStatus } from "./invoices.ts";
import { decimalOf, shareOf } from "./money.ts";
import { tellProvider } from "./payments/owed.ts";

export interface CreditNoteRequest {
  /** Minor units, tax included; more than 0. */
  readonly amount_minor: number;
  readonly reason: string;
}

/**
 * Gives back a part of an invoice, or all of it; never more than is left of it. The tax in it is the invoice's share. An open
 * invoice of which nothing is left counts as paid. Errors: `not_found`, `validation_failed`, `invalid_state`.
 */
export async function addCreditNote(
  ctx: Context,
  workspaceId: string,
  invoiceId: string,
  request: CreditNoteRequest,
): Promise<InvoiceDetails> {
  const { amount_minor: amountMinor, reason } = request;
  await ctx.transaction(async (tx) => {
    const invoice = await lockInvoice(tx, workspaceId, invoiceId);
    if (invoice.status !== "open" && invoice.status !== "paid")
      throw new AppError("invalid_state", `Only an open or paid invoice can be credited; this one is ${invoice.status}.`);
    const credited = creditedOf(await tx.select().from(creditNotes).where(eq(creditNotes.invoiceId, invoiceId)));
    const left = invoice.totalMinor - credited;
    if (amountMinor > left) {
      const message = `At most ${left} (${decimalOf(left, invoice.currency)} ${invoice.currency}) is left of the invoice.`;
      throw validationFailed([{ path: "amount_minor", code: "too_big", message }]);
    }
    const number = await nextNumber(tx, "credit_note");
    // From what was credited in all, before and after: so the notes of a whole invoice give back exactly its tax.
    const taxIn = (amount: number) => shareOf(invoice.taxMinor, { part: BigInt(amount), whole: BigInt(invoice.totalMinor) });
    const taxMinor = taxIn(credited + amountMinor) - taxIn(credited);
    const note = { id: ctx.newId("creditNote"), workspaceId, invoiceId, number, amountMinor, taxMinor, reason };
    await tx.insert(creditNotes).values({ ...note, createdAt: new Date(ctx.clock.now()) });
    if (amountMinor === left && invoice.status === "open") await setStatus(ctx, tx, workspaceId, invoiceId, "paid");
    await tellProvider(ctx, tx, invoiceId);
    const target = { workspaceId, targetType: "invoice", targetId: invoiceId };
    const after = { number, amount_minor: amountMinor, reason };
    await tx.insert(auditLogs).values(auditRow(ctx, { ...target, action: "invoice.credited", after }));
  });
  return getInvoice(ctx, workspaceId, invoiceId);
}
