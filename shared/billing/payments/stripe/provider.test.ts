import { beforeEach, describe, expect, it } from "vitest";
import { dieAt, killedEverywhere, type Moment } from "../../../../dev/killed-calls.ts";
import { type StripeApi, startStripeApi } from "../../../../dev/stripe-api/server.ts";
import type { InvoiceToCollect, PaymentProvider } from "../port.ts";
import { createStripe } from "./provider.ts";

const KEY = "sk_test_double";
const MOMENTS: readonly Moment[] = ["before", "after"];
const DAY = 24 * 3_600_000;

let api: StripeApi;
let stripe: PaymentProvider;

beforeEach(async () => {
  api = await startStripeApi({ port: 0, secretKey: KEY, time: "manual", prices: { price_pro: 0, price_team: 0, price_dear: 2_900 } });
  stripe = createStripe({ secretKey: KEY, webhookSecrets: [], apiUrl: api.origin, clock: api.clock });
  return () => api.close();
});

const ada = { workspaceId: "wrk_ada", reference: null, name: "Ada & Söhne", email: "ada@example.test" };

function invoice(customer: string, more: Partial<InvoiceToCollect> = {}): InvoiceToCollect {
  const lines = [
    { description: "Team, 2026-05-01 to 2026-05-31", amountMinor: 3_100 },
    { description: "Carried over from the invoice before", amountMinor: -100 },
    { description: "Tax (19 %)", amountMinor: 570 },
  ];
  const issued = { id: "ivc_1", number: "INV-000001", issuedAt: api.clock.now() };
  return { ...issued, customer, currency: "EUR", lines, totalMinor: 3_570, ...more };
}

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error: { code: string }) => error.code,
  );

describe("a customer at Stripe", () => {
  it.each(MOMENTS)("is made once, killed %s each request", async (when) => {
    const reference = await killedEverywhere(api, when, () => stripe.customer(ada));
    expect(api.customers).toEqual([
      expect.objectContaining({ id: reference, name: ada.name, email: ada.email, metadata: { workspace_id: "wrk_ada" } }),
    ]);
  });

  it("is found again when Stripe has forgotten the key, and takes a new name", async () => {
    const reference = await stripe.customer(ada);
    api.clock.advance(2 * DAY);
    expect(await stripe.customer({ ...ada, name: "Ada Ltd" })).toBe(reference);
    expect(api.customers).toEqual([expect.objectContaining({ name: "Ada Ltd" })]);
    expect(await stripe.customer({ ...ada, workspaceId: "wrk_bob" })).not.toBe(reference);
  });
});

describe("an invoice at Stripe", () => {
  it.each(MOMENTS)("is opened once, with our number and lines, killed %s each request", async (when) => {
    const customer = await stripe.customer(ada);
    const collection = await killedEverywhere(api, when, () => stripe.collect(invoice(customer)));
    expect(collection).toEqual({ reference: "in_1", status: "open", paymentUrl: "https://invoice.stripe.com/i/acct_double/in_1" });
    expect(api.invoices).toHaveLength(1);
    expect(api.invoices[0]).toMatchObject({ number: "INV-000001", currency: "eur", customer, status: "open" });
    expect(api.invoices[0]?.lines.map(({ amount }) => amount)).toEqual([3_100, -100, 570]);
  });

  it("is found at every stage when Stripe has forgotten the keys", async () => {
    const customer = await stripe.customer(ada);
    const wanted = invoice(customer);
    // Before it is made, before it has its lines, and before it is opened.
    for (const request of [2, 3, 3]) {
      api.interfere(dieAt(request, "before"));
      expect(await codeOf(stripe.collect(wanted))).toBe("upstream_unavailable");
      api.interfere(null);
      api.clock.advance(2 * DAY);
    }
    await stripe.collect(wanted);
    api.clock.advance(2 * DAY);
    await stripe.collect(wanted);
    expect(api.invoices).toHaveLength(1);
    expect(api.invoices[0]?.lines).toHaveLength(3);
  });

  it("is not opened when Stripe would ask for another amount, or could not ask for this one", async () => {
    const customer = await stripe.customer(ada);
    expect(await codeOf(stripe.collect(invoice(customer, { totalMinor: 3_571 })))).toBe("invalid_state");
    expect(api.invoices[0]?.status).toBe("draft");
    expect(await codeOf(stripe.collect(invoice(customer, { id: "ivc_2", number: "INV-2", currency: "KWD" })))).toBe("invalid_state");
    const crowns = { id: "ivc_3", number: "INV-3", currency: "ISK", lines: [{ description: "Team", amountMinor: 12 }], totalMinor: 12 };
    await stripe.collect(invoice(customer, crowns));
    expect(api.invoices.at(-1)?.lines).toEqual([{ description: "Team", amount: 1_200 }]);
  });

  it("says that a payment failed, that it was paid, and that it is void", async () => {
    const customer = await stripe.customer(ada);
    const { reference } = await stripe.collect(invoice(customer));
    api.failPayment(reference);
    expect((await stripe.read(reference)).status).toBe("payment_failed");
    api.payOnline(reference);
    expect((await stripe.read(reference)).status).toBe("paid");
    const other = await stripe.collect(invoice(customer, { id: "ivc_2", number: "INV-000002" }));
    api.voidInvoice(other.reference);
    expect((await stripe.read(other.reference)).status).toBe("void");
  });
});

describe("a credit note at Stripe", () => {
  const note = { id: "crn_1", amountMinor: 1_000, currency: "EUR", reason: "An outage", paidElsewhere: false };
  const opened = async () => (await stripe.collect(invoice(await stripe.customer(ada)))).reference;

  it.each(MOMENTS)("is given once, killed %s each request, and again when the key is forgotten", async (when) => {
    const reference = await opened();
    await killedEverywhere(api, when, () => stripe.credit(reference, note));
    api.clock.advance(2 * DAY);
    await stripe.credit(reference, note);
    expect(api.creditNotes).toEqual([expect.objectContaining({ amount: 1_000, refunded: 0, outOfBand: 0 })]);
  });

  it("gives back what was paid there, and only notes what was paid elsewhere", async () => {
    const reference = await opened();
    api.payOnline(reference);
    await stripe.credit(reference, note);
    const other = (await stripe.collect(invoice("cus_1", { id: "ivc_2", number: "INV-000002" }))).reference;
    await stripe.paidElsewhere(other);
    await stripe.paidElsewhere(other);
    await stripe.credit(other, { ...note, id: "crn_2", paidElsewhere: true });
    expect(api.creditNotes.map(({ refunded, outOfBand }) => [refunded, outOfBand])).toEqual([
      [1_000, 0],
      [0, 1_000],
    ]);
  });
});

describe("a subscription at Stripe", () => {
  const wish = (price: string | null, before: string | null = null) => ({ workspaceId: "wrk_ada", customer: "cus_1", price, before });

  it.each(MOMENTS)("is made, changed and ended once, killed %s each request", async (when) => {
    await stripe.customer(ada);
    const made = await killedEverywhere(api, when, () => stripe.subscribe(wish("price_pro")));
    expect(made).toEqual({ reference: "sub_1", price: "price_pro" });
    expect(await killedEverywhere(api, when, () => stripe.subscribe(wish("price_team", "sub_1")))).toMatchObject({ price: "price_team" });
    expect(await killedEverywhere(api, when, () => stripe.subscribe(wish(null, "sub_1")))).toBeNull();
    expect(api.subscriptions).toEqual([expect.objectContaining({ id: "sub_1", price: "price_team", status: "canceled" })]);
    // Within the day, in which Stripe still knows the key of the first.
    expect(await stripe.subscribe(wish("price_pro", "sub_1"))).toEqual({ reference: "sub_2", price: "price_pro" });
  });

  it("never costs anything: our invoices ask for the money", async () => {
    expect(await codeOf(stripe.subscribe(wish("price_dear")))).toBe("invalid_state");
    expect(api.subscriptions).toEqual([]);
  });
});

describe("a meter event at Stripe", () => {
  const event = {
    identifier: "wrk_ada:requests:2026-01-01T00:1",
    name: "requests",
    customer: "cus_1",
    quantity: 12,
    at: Date.UTC(2026, 0),
  };

  it("is counted once within a day, and known to be", async () => {
    expect(await stripe.meter(event)).toBe(true);
    expect(await stripe.meter(event)).toBe(true);
    expect(api.meterEvents).toEqual([expect.objectContaining({ value: 12, customer: "cus_1", timestamp: event.at / 1_000 })]);
    expect(await stripe.meter({ ...event, identifier: "another", customer: "" })).toBe(false);
  });
});

describe("what Stripe answers instead", () => {
  it.each([
    [402, "invalid_state"],
    [400, "invalid_state"],
    [409, "upstream_unavailable"],
    [429, "upstream_unavailable"],
    [500, "upstream_unavailable"],
    [503, "upstream_unavailable"],
  ])("with status %i is %s", async (status, code) => {
    api.interfere(() => ({ when: "before", answer: { status, body: { error: { type: "api_error", message: "No." } } } }));
    expect(await codeOf(stripe.customer(ada))).toBe(code);
  });

  it("is not trusted in another shape, and a wrong key is refused", async () => {
    api.interfere(() => ({ when: "before", answer: { status: 200, body: { data: "none" } } }));
    expect(await codeOf(stripe.customer(ada))).toBe("invalid_state");
    api.interfere(null);
    const stranger = createStripe({ secretKey: "sk_wrong", webhookSecrets: [], apiUrl: api.origin, clock: api.clock });
    expect(await codeOf(stranger.customer(ada))).toBe("invalid_state");
  });
});
