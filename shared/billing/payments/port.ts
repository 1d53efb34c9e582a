import type { PAYMENT_STATUSES } from "#platform/schema";

/*
 * What billing asks of a payment provider. Amounts are in minor units of our currencies, times in milliseconds since the epoch,
 * and a `reference` is the provider's own id. Every call may be repeated after any failure. What may succeed later fails with
 * `upstream_unavailable`, what the provider refuses with `invalid_state`.
 */

interface PayingCustomer {
  readonly workspaceId: string;
  /** null: not known yet. */
  readonly reference: string | null;
  readonly name: string;
  /** Empty: none. */
  readonly email: string;
}

export interface InvoiceToCollect {
  readonly id: string;
  readonly number: string;
  readonly customer: string;
  readonly currency: string;
  readonly issuedAt: number;
  /** They add up to the total. */
  readonly lines: readonly { readonly description: string; readonly amountMinor: number }[];
  readonly totalMinor: number;
}

/** An invoice as it stands at the provider. */
export interface Collection {
  readonly reference: string;
  readonly status: (typeof PAYMENT_STATUSES)[number];
  readonly paymentUrl: string | null;
}

export interface CreditToGive {
  readonly id: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string;
  /** Whether the invoice was paid past the provider: then there is nothing that it could give back. */
  readonly paidElsewhere: boolean;
}

interface MeterEvent {
  /** Two events of one identifier within a day are one. */
  readonly identifier: string;
  readonly name: string;
  readonly customer: string;
  readonly quantity: number;
  readonly at: number;
}

export interface Subscription {
  readonly reference: string;
  /** null: it has ended. */
  readonly price: string | null;
}

export interface SubscriptionWish {
  readonly workspaceId: string;
  readonly customer: string;
  /** null: no subscription. */
  readonly price: string | null;
  /** The subscription that was there before, if any. */
  readonly before: string | null;
}

/** What a webhook says has changed; nothing, where it is about something that billing has no part in. */
export interface ProviderEvent {
  readonly id: string;
  readonly type: string;
  readonly about: { readonly kind: "invoice" | "subscription"; readonly reference: string } | null;
}

export interface PaymentProvider {
  /** The customer who stands for a workspace, made where there is none, with this name and address. */
  customer(customer: PayingCustomer): Promise<string>;
  /** Opens an invoice for payment, if it is not yet. */
  collect(invoice: InvoiceToCollect): Promise<Collection>;
  read(reference: string): Promise<Collection>;
  /** Takes a credit note off what is to be paid; what has been paid is given back. */
  credit(reference: string, note: CreditToGive): Promise<void>;
  /** Says that the money came another way. Changes nothing once the invoice is paid or void. */
  paidElsewhere(reference: string): Promise<void>;
  /** Tells a quantity that was used. `false`: it was refused, and not counted. */
  meter(event: MeterEvent): Promise<boolean>;
  /** Makes the customer's subscription one of this price, or ends it; `null`: there is none. */
  subscribe(wish: SubscriptionWish): Promise<Subscription | null>;
  readSubscription(reference: string): Promise<Subscription>;
  /** Reads a webhook. What is not signed by the provider, or late, fails with `bad_request`. */
  receive(signature: string, body: string): Promise<ProviderEvent>;
}
