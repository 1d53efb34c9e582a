import { z } from "zod";
import { AppError } from "#platform/errors";
import type { PaymentProvider, Subscription, SubscriptionWish } from "../port.ts";
import type { StripeClient } from "./client.ts";

const subscriptionSchema = z.object({
  id: z.string(),
  status: z.string(),
  items: z.object({ data: z.tuple([z.object({ id: z.string(), price: z.object({ id: z.string() }) })], z.unknown()) }),
  metadata: z.record(z.string(), z.string()).nullish(),
});
type StripeSubscription = z.infer<typeof subscriptionSchema>;

const subscriptionsSchema = z.object({ data: z.array(subscriptionSchema) });
const priceSchema = z.object({ unit_amount: z.number().nullish() });

/** Statuses after which a subscription never comes back. */
const ENDED: ReadonlySet<string> = new Set(["canceled", "incomplete_expired"]);

function present({ id, status, items }: StripeSubscription): Subscription {
  return { reference: id, price: ENDED.has(status) ? null : items.data[0].price.id };
}

/** Subscriptions at Stripe, one a customer. They show which plan somebody is on and cost nothing: our invoices ask for the money. */
export function stripeSubscriptions(client: StripeClient): Pick<PaymentProvider, "subscribe" | "readSubscription"> {
  /** The one that is in force; an ended one is left out of the list. */
  async function find({ workspaceId, customer }: SubscriptionWish): Promise<StripeSubscription | undefined> {
    const form = { customer, limit: 100 };
    const { data } = await client.need(subscriptionsSchema, { method: "GET", path: "subscriptions", form });
    return data.find((subscription) => subscription.metadata?.["workspace_id"] === workspaceId);
  }

  async function requireFree(price: string): Promise<void> {
    const { unit_amount } = await client.need(priceSchema, { method: "GET", path: `prices/${price}` });
    if (unit_amount === 0) return;
    throw new AppError("invalid_state", `The price ${price} is not 0: whoever subscribed to it would pay twice.`);
  }

  function make({ workspaceId, customer, before }: SubscriptionWish, price: string): Promise<StripeSubscription> {
    return client.need(subscriptionSchema, {
      method: "POST",
      path: "subscriptions",
      form: { customer, items: [{ price }], metadata: { workspace_id: workspaceId } },
      // Another one than before, where that has ended within the day.
      key: `subscription:${workspaceId}:${price}:${before ?? "first"}`,
    });
  }

  return {
    async subscribe(wish) {
      const found = await find(wish);
      if (wish.price === null) {
        if (found) await client.need(z.unknown(), { method: "DELETE", path: `subscriptions/${found.id}` });
        return null;
      }
      if (found?.items.data[0].price.id === wish.price) return present(found);
      await requireFree(wish.price);
      if (!found) return present(await make(wish, wish.price));
      const form = { items: [{ id: found.items.data[0].id, price: wish.price }], proration_behavior: "none" };
      return present(await client.need(subscriptionSchema, { method: "POST", path: `subscriptions/${found.id}`, form }));
    },
    readSubscription: async (reference) =>
      present(await client.need(subscriptionSchema, { method: "GET", path: `subscriptions/${reference}` })),
  };
}
