/** How an invoice stood when Stripe wrote an event about it. */
const STANDINGS = {
  "invoice.created": { status: "draft", attempted: false, amount_paid: 0 },
  "invoice.finalized": { status: "open", attempted: false, amount_paid: 0 },
  "invoice.updated": { status: "open", attempted: true, amount_paid: 0 },
  "invoice.payment_failed": { status: "open", attempted: true, amount_paid: 0 },
  "invoice.paid": { status: "paid", attempted: true, amount_paid: 3_100 },
  "invoice.payment_succeeded": { status: "paid", attempted: true, amount_paid: 3_100 },
  "invoice.voided": { status: "void", attempted: true, amount_paid: 0 },
} as const;

export type RecordedType = keyof typeof STANDINGS;

/** The body of a webhook as Stripe sends it (https://docs.stripe.com/api/events/object), with what the invoice was at that time. */
export function recordedWebhook(type: RecordedType, reference: string, created: number): string {
  const { status, attempted, amount_paid } = STANDINGS[type];
  const total = 3_100;
  return JSON.stringify({
    id: `evt_${reference}_${type.replace("invoice.", "")}`,
    object: "event",
    api_version: "2025-09-30.clover",
    created,
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
    data: {
      object: {
        id: reference,
        object: "invoice",
        status,
        attempted,
        attempt_count: attempted ? 1 : 0,
        auto_advance: status === "open",
        billing_reason: "manual",
        collection_method: "send_invoice",
        currency: "usd",
        total,
        amount_due: total,
        amount_paid,
        amount_remaining: total - amount_paid,
        hosted_invoice_url: status === "draft" ? null : `https://invoice.stripe.com/i/acct_double/${reference}`,
        metadata: {},
      },
    },
  });
}
