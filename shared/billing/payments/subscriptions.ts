import { and, asc, eq, gt, inArray, isNotNull, lte, or } from "drizzle-orm";
import type { Context } from "#platform/context";
import { billingProfiles, paymentCustomers, workspaceQuotas } from "#platform/schema";
import { paymentProvider, planPrices } from "./configured.ts";
import { customerFor } from "./customers.ts";
import type { PaymentProvider, Subscription } from "./port.ts";

/** Workspaces looked at together. */
const AT_ONCE = 100;

interface Subscriber {
  readonly workspaceId: string;
  readonly planCode: string;
  readonly price: string | null;
  readonly subscription: string | null;
  readonly name: string | null;
  readonly email: string | null;
}

/**
 * Gives every workspace whose plan has a price at the payment provider a subscription to it there, and ends those of plans that
 * have none. Does nothing where no plan has one. One that fails holds up no other.
 */
export async function mirrorSubscriptions(ctx: Context): Promise<void> {
  const prices = planPrices(ctx.env);
  const provider = prices.size === 0 ? null : await paymentProvider(ctx);
  if (!provider) return;
  for (let after = ""; ; ) {
    const page = await subscribers(ctx, [...prices.keys()], after);
    for (const subscriber of page) {
      const { workspaceId, planCode } = subscriber;
      await mirror(ctx, provider, subscriber, prices.get(planCode) ?? null).catch((error: unknown) =>
        ctx.log.error("a subscription could not be mirrored", error, { workspace_id: workspaceId }),
      );
    }
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.workspaceId;
  }
}

/** Workspaces that have a subscription, or whose plan has a price. */
function subscribers(ctx: Context, plans: readonly string[], after: string): Promise<Subscriber[]> {
  const { workspaceId, planCode, periodStart, periodEnd } = workspaceQuotas;
  const { price, subscription } = paymentCustomers;
  const now = new Date(ctx.clock.now());
  return ctx.db
    .select({ workspaceId, planCode, price, subscription, name: billingProfiles.customerName, email: billingProfiles.email })
    .from(workspaceQuotas)
    .leftJoin(paymentCustomers, eq(paymentCustomers.workspaceId, workspaceId))
    .leftJoin(billingProfiles, eq(billingProfiles.workspaceId, workspaceId))
    .where(and(lte(periodStart, now), gt(periodEnd, now), gt(workspaceId, after), or(inArray(planCode, plans), isNotNull(price))))
    .orderBy(asc(workspaceId))
    .limit(AT_ONCE);
}

async function mirror(ctx: Context, provider: PaymentProvider, subscriber: Subscriber, price: string | null): Promise<void> {
  if (subscriber.price === price) return;
  const { workspaceId, subscription: before, name, email } = subscriber;
  const customer = await customerFor(ctx, provider, workspaceId, { name: name ?? workspaceId, email: email ?? "" });
  await keep(ctx, workspaceId, await provider.subscribe({ workspaceId, customer, price, before }), before);
}

/**
 * Takes over what a subscription is at the provider, which is asked while the customer's row is held. One that is not what the plan
 * asks for, or was ended there, is put right by {@link mirrorSubscriptions}.
 */
export async function takeOverSubscription(ctx: Context, provider: PaymentProvider, workspaceId: string, reference: string): Promise<void> {
  await ctx.transaction(async (tx) => {
    const row = and(eq(paymentCustomers.workspaceId, workspaceId), eq(paymentCustomers.subscription, reference));
    const [held] = await tx.select().from(paymentCustomers).where(row).for("update");
    if (!held) return;
    const { price } = await provider.readSubscription(reference);
    await tx.update(paymentCustomers).set({ price }).where(row);
  });
}

/** The reference of an ended subscription is kept: it tells the next one from it. */
async function keep(ctx: Context, workspaceId: string, now: Subscription | null, before: string | null): Promise<void> {
  await ctx.db
    .update(paymentCustomers)
    .set({ subscription: now?.reference ?? before, price: now?.price ?? null })
    .where(eq(paymentCustomers.workspaceId, workspaceId));
}
