import { z } from "zod";
import type { Clock } from "#platform/clock";
import { AppError } from "#platform/errors";
import type { PaymentProvider, ProviderEvent } from "../port.ts";
import { createStripeClient, type StripeClient, type StripeRefusal } from "./client.ts";
import { stripeInvoices } from "./invoices.ts";
import { verifySignature } from "./signature.ts";
import { stripeSubscriptions } from "./subscriptions.ts";

export interface StripeOptions {
  readonly secretKey: string;
  /** Of the webhooks; several while one is being replaced. */
  readonly webhookSecrets: readonly string[];
  /** Without a path; by default Stripe's own. */
  readonly apiUrl?: string;
  readonly clock: Clock;
}

/** Stripe as the provider that collects payments, by its API's wire format (https://docs.stripe.com/api). */
export function createStripe({ secretKey, webhookSecrets, apiUrl, clock }: StripeOptions): PaymentProvider {
  const client = createStripeClient(secretKey, apiUrl);
  return {
    ...stripeCustomers(client),
    ...stripeInvoices(client),
    ...stripeSubscriptions(client),
    async meter({ identifier, name, customer, quantity, at }) {
      const payload = { stripe_customer_id: customer, value: quantity };
      const form = { event_name: name, identifier, timestamp: Math.floor(at / 1_000), payload };
      const answer = await client.ask({ method: "POST", path: "billing/meter_events", form });
      return "value" in answer || isKnown(answer.refusal);
    },
    async receive(signature, body) {
      await verifySignature(webhookSecrets, signature, clock.now(), body);
      return eventOf(body);
    },
  };
}

/** Whether an event was refused because its identifier has been seen: then it has been counted. */
function isKnown({ code, message }: StripeRefusal): boolean {
  return code === "duplicate_meter_event" || message.startsWith("An event already exists with identifier");
}

const customerSchema = z.object({ id: z.string() });
const customersSchema = z.object({ data: z.array(customerSchema) });

function stripeCustomers(client: StripeClient): Pick<PaymentProvider, "customer"> {
  /** Stripe finds a customer about a minute after making it; the key is for that minute, and for a day. */
  async function findOrMake(workspaceId: string): Promise<string> {
    const query = `metadata["workspace_id"]:"${workspaceId}"`;
    const { data } = await client.need(customersSchema, { method: "GET", path: "customers/search", form: { query } });
    if (data[0]) return data[0].id;
    const form = { metadata: { workspace_id: workspaceId } };
    return (await client.need(customerSchema, { method: "POST", path: "customers", form, key: `customer:${workspaceId}` })).id;
  }
  return {
    async customer({ workspaceId, reference, name, email }) {
      const id = reference ?? (await findOrMake(workspaceId));
      await client.need(customerSchema, { method: "POST", path: `customers/${id}`, form: { name, email } });
      return id;
    },
  };
}

const eventSchema = z.object({
  id: z.string(),
  type: z.string(),
  data: z.object({ object: z.object({ id: z.string().optional() }) }),
});

function eventOf(body: string): ProviderEvent {
  const parsed = eventSchema.safeParse(parseJson(body));
  if (!parsed.success) throw new AppError("bad_request", "The webhook is not an event of Stripe's API.");
  const { id, type, data } = parsed.data;
  const reference = data.object.id;
  const kind = type.startsWith("invoice.") ? "invoice" : type.startsWith("customer.subscription.") ? "subscription" : null;
  return { id, type, about: kind === null || reference === undefined ? null : { kind, reference } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
