import { eq } from "drizzle-orm";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { invoicePayments } from "#platform/schema";
import { collectorOf } from "./configured.ts";

/** Leaves a new invoice to the payment provider, where there is one. It hears of it once the transaction has ended. */
export async function leaveToProvider(ctx: Context, tx: Transaction, workspaceId: string, invoiceId: string): Promise<void> {
  if (collectorOf(ctx.env) === "manual") return;
  const now = new Date(ctx.clock.now());
  await tx.insert(invoicePayments).values({ invoiceId, workspaceId, dueAt: now, updatedAt: now });
}

/** The payment provider is to hear of what has happened to an invoice, if it collects it: such as that it was paid another way. */
export async function tellProvider(
  ctx: Context,
  tx: Transaction,
  invoiceId: string,
  happened: { readonly paidElsewhere?: true } = {},
): Promise<void> {
  await tx
    .update(invoicePayments)
    .set({ ...happened, dueAt: new Date(ctx.clock.now()) })
    .where(eq(invoicePayments.invoiceId, invoiceId));
}
