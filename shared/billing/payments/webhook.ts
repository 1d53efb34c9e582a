import { eq, lt } from "drizzle-orm";
import { type Context, withActor } from "#platform/context";
import { notFound } from "#platform/errors";
import { invoicePayments, paymentCustomers, paymentEvents } from "#platform/schema";
import { takeOver } from "./collect.ts";
import { paymentProvider } from "./configured.ts";
import type { PaymentProvider, ProviderEvent } from "./port.ts";
import { takeOverSubscription } from "./subscriptions.ts";

/** Milliseconds for which the ids of webhooks are kept: longer than Stripe can be made to send one again. */
const KEPT_MS = 40 * 24 * 3_600_000;

/**
 * Deals with a webhook of the payment provider. It is taken as word that something has changed, and what it is about is read
 * anew: so it does not matter in which order webhooks come, or how often. Errors: `bad_request` for what is not signed, or late;
 * `not_found` where there is no provider; `upstream_unavailable`, upon which it is sent again.
 */
export async function receivePaymentEvent(ctx: Context, signature: string, body: string): Promise<void> {
  const provider = await paymentProvider(ctx);
  if (!provider) throw notFound("The address");
  const event = await provider.receive(signature, body);
  const [known] = await ctx.db.select().from(paymentEvents).where(eq(paymentEvents.id, event.id));
  if (known) return;
  await follow(withActor(ctx, { type: "system", name: "payments" }), provider, event);
  // Last: what dies before is sent again, and followed again.
  const { id, type } = event;
  await ctx.db
    .insert(paymentEvents)
    .values({ id, type, receivedAt: new Date(ctx.clock.now()) })
    .onConflictDoNothing();
}

/** What is about an object that is not ours, as of another use of the provider's account, is left alone. */
async function follow(ctx: Context, provider: PaymentProvider, { about }: ProviderEvent): Promise<void> {
  if (about?.kind === "invoice") {
    const [row] = await ctx.db.select().from(invoicePayments).where(eq(invoicePayments.reference, about.reference));
    if (row) await takeOver(ctx, provider, row, about.reference);
  }
  if (about?.kind === "subscription") {
    const [row] = await ctx.db.select().from(paymentCustomers).where(eq(paymentCustomers.subscription, about.reference));
    if (row) await takeOverSubscription(ctx, provider, row.workspaceId, about.reference);
  }
}

/** Deletes what is known of webhooks of long ago. */
export async function forgetPaymentEvents(ctx: Context): Promise<void> {
  await ctx.db.delete(paymentEvents).where(lt(paymentEvents.receivedAt, new Date(ctx.clock.now() - KEPT_MS)));
}
