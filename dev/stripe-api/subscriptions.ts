import type { ApiAnswer } from "../api-double.ts";
import { failure, itemsAt, list, type Parameters, textAt, textsAt } from "./wire.ts";

export interface Subscription {
  readonly id: string;
  readonly customer: string;
  readonly metadata: Readonly<Record<string, string>>;
  price: string;
  status: "active" | "past_due" | "canceled";
}

/** Subscriptions of one price each. `prices`: what a unit of each price costs. */
export function createSubscriptions(prices: ReadonlyMap<string, number>) {
  const subscriptions: Subscription[] = [];

  function onWire({ id, customer, metadata, price, status }: Subscription): object {
    const item = { id: `si_${id}`, object: "subscription_item", price: { id: price, object: "price", unit_amount: prices.get(price) } };
    return { id, object: "subscription", customer, metadata, status, items: { object: "list", data: [item], has_more: false } };
  }

  const found = (subscription: Subscription): ApiAnswer => ({ status: 200, body: onWire(subscription) });

  function priceIn(form: Parameters): string | undefined {
    const [item] = itemsAt(form, "items");
    const price = item && textAt(item, "price");
    return price !== undefined && prices.has(price) ? price : undefined;
  }

  function create(form: Parameters): ApiAnswer {
    const price = priceIn(form);
    if (price === undefined) return failure(400, "No such price", "resource_missing");
    const id = `sub_${subscriptions.length + 1}`;
    const made: Subscription = {
      id,
      customer: textAt(form, "customer") ?? "",
      metadata: textsAt(form, "metadata"),
      price,
      status: "active",
    };
    subscriptions.push(made);
    return found(made);
  }

  function ofSubscription(method: string, id: string, form: Parameters): ApiAnswer {
    const subscription = subscriptions.find((one) => one.id === id);
    if (!subscription) return failure(404, `No such subscription: '${id}'`, "resource_missing");
    if (method === "DELETE") subscription.status = "canceled";
    if (method === "POST") {
      const price = priceIn(form);
      if (price === undefined) return failure(400, "No such price", "resource_missing");
      subscription.price = price;
    }
    return found(subscription);
  }

  return {
    all: subscriptions,
    respond(method: string, [id]: readonly string[], form: Parameters): ApiAnswer {
      if (id !== undefined) return ofSubscription(method, id, form);
      if (method === "POST") return create(form);
      const going = subscriptions.filter(({ customer, status }) => customer === textAt(form, "customer") && status !== "canceled");
      return list(going.map(onWire), "/v1/subscriptions");
    },
    respondPrice(id: string): ApiAnswer {
      if (!prices.has(id)) return failure(404, `No such price: '${id}'`, "resource_missing");
      return { status: 200, body: { id, object: "price", unit_amount: prices.get(id) } };
    },
  };
}
