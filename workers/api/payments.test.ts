import { eq } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { addCreditNote, collectPayments, markInvoicePaid, receivePaymentEvent } from "#billing";
import type { Context } from "#platform/context";
import { inTransaction } from "#platform/db";
import { errorCode } from "#platform/errors";
import { invoicePayments, invoices, paymentEvents } from "#platform/schema";
import { dieAt, type Moment } from "../../dev/killed-calls.ts";
import { type StripeApi, signWebhook } from "../../dev/stripe-api/server.ts";
import { handleRequest } from "../gateway.ts";
import { type BillingWorld, HOUR } from "./testing/billing.ts";
import { type Opened, PaymentsWorld } from "./testing/payments.ts";
import { API_ORIGIN } from "./testing/platform.ts";
import { type RecordedType, recordedWebhook } from "./testing/recorded-webhooks.ts";

// Each has workspaces of its own, and months of them.
vi.setConfig({ testTimeout: 60_000 });

const MINUTE = 60_000;
const DAY = 24 * HOUR;
const MOMENTS: readonly Moment[] = ["before", "after"];
const errorSchema = z.object({ code: z.string().optional() });

let payments: PaymentsWorld;
let world: BillingWorld;
let stripe: StripeApi;

beforeAll(async () => {
  payments = await PaymentsWorld.start();
  ({ world, stripe } = payments);
}, 90_000);
afterAll(() => payments.stop());

describe("an invoice that Stripe collects", () => {
  it("has the same number and amounts there, and a place where it is paid", async () => {
    const invoice = await payments.having({ TAX_BASIS_POINTS: "1900" }, () => payments.opened());
    const { lines, ...there } = payments.counterpart(invoice);
    expect(there).toMatchObject({ number: invoice.number, currency: "usd", status: "open" });
    expect(lines.map(({ amount }) => amount)).toEqual([3_100, 589]);
    expect(await payments.shown(invoice)).toMatchObject({
      status: "open",
      payment_status: "open",
      payment_url: `https://invoice.stripe.com/i/acct_double/${there.id}`,
    });
    expect((await world.ask(invoice.customer, "GET /invoices")).body.data[0].payment_url).toContain(there.id);
  });

  it.each(MOMENTS)("and its customer are made once, whatever is lost on the way (%s)", async (when) => {
    const invoice = await payments.billed();
    for (let request = 1; ; request += 1) {
      stripe.interfere(dieAt(request, when));
      await collectPayments(payments.ctx());
      const isDone = stripe.seen.length < request;
      stripe.interfere(null);
      stripe.clock.advance(6 * MINUTE);
      if (isDone) break;
    }
    expect(payments.counterpart(invoice)).toMatchObject({ status: "open" });
    expect(stripe.customers.filter(({ metadata }) => metadata["workspace_id"] === invoice.customer.workspaceId)).toHaveLength(1);
    expect(await payments.shown(invoice)).toMatchObject({ payment_status: "open" });
  });

  it("is found there when the Worker dies before it has written that down, though it was paid by hand meanwhile", async () => {
    const invoice = await payments.billed();
    const dying: Context = Object.assign(Object.create(payments.ctx()), {
      transaction: <T>(work: (tx: never) => Promise<T>) =>
        inTransaction(world.platform.env, async (tx) => {
          await work(tx as never);
          throw new Error("the Worker dies here");
        }),
    });
    await collectPayments(dying);
    expect(await payments.shown(invoice)).toMatchObject({ payment_url: null });
    await markInvoicePaid(payments.ctx(), invoice.customer.workspaceId, invoice.id);
    stripe.clock.advance(DAY + HOUR);
    await collectPayments(payments.ctx());
    expect(payments.counterpart(invoice)).toMatchObject({ status: "paid", paidOutOfBand: true });
  });

  it("does not wait for another that is refused", async () => {
    const [refused, invoice] = [await payments.billed(), await payments.billed()];
    const answer = { status: 402, body: { error: { type: "card_error", message: "No." } } };
    stripe.interfere(({ number }) => (number === 1 ? { when: "before", answer } : null));
    await collectPayments(payments.ctx());
    stripe.interfere(null);
    expect(await payments.shown(refused)).toMatchObject({ payment_url: null });
    expect(payments.counterpart(invoice)).toMatchObject({ status: "open" });
    stripe.clock.advance(HOUR);
    await collectPayments(payments.ctx());
    expect(payments.counterpart(refused)).toMatchObject({ status: "open" });
  });

  it("is known to be paid within a day, also when no webhook comes", async () => {
    const invoice = await payments.opened();
    stripe.payOnline(invoice.reference);
    stripe.clock.advance(DAY);
    await collectPayments(payments.ctx());
    expect(await payments.shown(invoice)).toMatchObject({ status: "paid", due: "0.00", payment_status: "paid", payment_url: null });
    expect(await payments.auditOf(invoice)).toEqual(["invoice.paid"]);
  });

  it("is not asked for there once it is paid by hand or credited", async () => {
    const [paid, credited] = [await payments.opened(), await payments.opened()];
    await markInvoicePaid(payments.ctx(), paid.customer.workspaceId, paid.id);
    await addCreditNote(payments.ctx(), credited.customer.workspaceId, credited.id, { amount_minor: 1_000, reason: "An outage" });
    await collectPayments(payments.ctx());
    expect(payments.counterpart(paid)).toMatchObject({ status: "paid", paidOutOfBand: true });
    expect(payments.counterpart(credited)).toMatchObject({ status: "open" });
    await addCreditNote(payments.ctx(), credited.customer.workspaceId, credited.id, { amount_minor: 2_100, reason: "The rest" });
    await collectPayments(payments.ctx());
    await collectPayments(payments.ctx());
    expect(payments.counterpart(credited)).toMatchObject({ status: "paid", paidOutOfBand: false });
    const notes = stripe.creditNotes.filter(({ invoice }) => invoice === credited.reference);
    expect(notes.map(({ amount, refunded }) => [amount, refunded])).toEqual([
      [1_000, 0],
      [2_100, 0],
    ]);
    expect(await payments.shown(credited)).toMatchObject({ status: "paid", payment_status: "paid" });
  });

  it("gives back what was paid there when it is credited afterwards", async () => {
    const invoice = await payments.opened();
    stripe.payOnline(invoice.reference);
    await payments.hear("invoice.paid", invoice.reference);
    await addCreditNote(payments.ctx(), invoice.customer.workspaceId, invoice.id, { amount_minor: 500, reason: "An outage" });
    await collectPayments(payments.ctx());
    expect(stripe.creditNotes.at(-1)).toMatchObject({ invoice: invoice.reference, amount: 500, refunded: 500 });
  });
});

describe("without Stripe", () => {
  it("an invoice is paid by hand, and stays so when a key comes later", async () => {
    const invoice = await payments.having({ STRIPE_SECRET_KEY: "" }, async () => {
      const billed = await payments.billed();
      await collectPayments(payments.ctx());
      expect((await world.ask(billed.customer, "GET /billing-profile")).body.data.payments).toBe("manual");
      return billed;
    });
    await collectPayments(payments.ctx());
    expect(await payments.shown(invoice)).toMatchObject({ status: "open", payment_status: null, payment_url: null });
    expect(await markInvoicePaid(payments.ctx(), invoice.customer.workspaceId, invoice.id)).toMatchObject({ status: "paid" });
    expect((await world.ask(invoice.customer, "GET /billing-profile")).body.data.payments).toBe("stripe");
  });
});

describe("recorded webhooks", () => {
  type Step = readonly [happens: (reference: string) => unknown, sent: readonly RecordedType[]];

  /** What happens at Stripe, in order, with what Stripe then sends. */
  const STORIES = {
    paid: [
      [() => undefined, ["invoice.created", "invoice.finalized"]],
      [(id: string) => stripe.failPayment(id), ["invoice.payment_failed", "invoice.updated"]],
      [(id: string) => stripe.payOnline(id), ["invoice.paid", "invoice.payment_succeeded"]],
    ],
    void: [
      [() => undefined, ["invoice.finalized"]],
      [(id: string) => stripe.failPayment(id), ["invoice.payment_failed"]],
      [(id: string) => stripe.voidInvoice(id), ["invoice.voided"]],
    ],
  } as const satisfies Record<string, readonly Step[]>;

  type Story = keyof typeof STORIES;
  const eventsOf = (story: Story) => STORIES[story].flatMap(([, types]) => [...types, ...types]);

  /** As if nothing had happened to the invoice since it was opened. */
  async function reopen(invoice: Opened): Promise<void> {
    const { db } = payments.ctx();
    const { id, reference } = invoice;
    Object.assign(payments.counterpart(invoice), { status: "open", attempted: false });
    await db.delete(paymentEvents);
    await db.update(invoicePayments).set({ status: "open" }).where(eq(invoicePayments.reference, reference));
    await db.update(invoices).set({ status: "open", paidAt: null }).where(eq(invoices.id, id));
  }

  /** Sends the events in this order, each as soon as it has happened at Stripe; answers what has become of the invoice. */
  async function tell(story: Story, invoice: Opened, events: readonly RecordedType[]) {
    await reopen(invoice);
    const audited = (await payments.auditOf(invoice)).length;
    const steps: readonly Step[] = STORIES[story];
    let happened = 0;
    for (const type of events) {
      const step = steps.findIndex(([, types]) => types.includes(type));
      for (; happened <= step; happened += 1) steps[happened]?.[0](invoice.reference);
      await payments.hear(type, invoice.reference);
    }
    const { status, due, paid_at, payment_status, payment_url } = await payments.shown(invoice);
    const changes = (await payments.auditOf(invoice)).slice(audited);
    return { status, due, isPaid: paid_at !== null, payment_status, payment_url, changes };
  }

  it.each(["paid", "void"] as const)("leave the same state, delivered twice and in any order (%s)", async (story) => {
    const [invoice, events] = [await payments.opened(), eventsOf(story)];
    const expected = await tell(story, invoice, events);
    expect(expected).toMatchObject({ status: story, due: "0.00", payment_status: story, payment_url: null });
    expect(expected.changes).toHaveLength(1);
    const orders = fc.shuffledSubarray(
      events.map((_, index) => index),
      { minLength: events.length },
    );
    const holds = fc.asyncProperty(orders, async (order) => {
      const told = order.flatMap((index) => events[index] ?? []);
      expect(await tell(story, invoice, told)).toEqual(expected);
    });
    await fc.assert(holds, { numRuns: 8 });
  });

  it("say that a payment failed, after which it can be paid all the same", async () => {
    const invoice = await payments.opened();
    stripe.failPayment(invoice.reference);
    await payments.hear("invoice.payment_failed", invoice.reference);
    expect(await payments.shown(invoice)).toMatchObject({
      status: "open",
      payment_status: "payment_failed",
      payment_url: expect.any(String),
    });
  });

  it("are read once: one that was dealt with asks Stripe nothing", async () => {
    const invoice = await payments.opened();
    await payments.hear("invoice.finalized", invoice.reference);
    stripe.interfere(null);
    await payments.hear("invoice.finalized", invoice.reference);
    expect(stripe.seen).toHaveLength(0);
  });

  it("are sent again when Stripe cannot be asked", async () => {
    const invoice = await payments.opened();
    stripe.payOnline(invoice.reference);
    stripe.interfere(() => ({ when: "before" }));
    expect(errorCode(await payments.hear("invoice.paid", invoice.reference).catch((error: unknown) => error))).toBe("upstream_unavailable");
    stripe.interfere(null);
    await payments.hear("invoice.paid", invoice.reference);
    expect(await payments.shown(invoice)).toMatchObject({ status: "paid" });
  });

  it("about what is not ours are taken and left alone", async () => {
    await payments.hear("invoice.paid", "in_of_somebody_else");
    await payments.receive('{"id":"evt_1","type":"charge.refunded","data":{"object":{"id":"ch_1"}}}');
    await payments.receive('{"id":"evt_2","type":"balance.available","data":{"object":{"object":"balance"}}}');
  });

  it("are refused unsigned, late, or as something else", async () => {
    const body = recordedWebhook("invoice.paid", "in_1", 0);
    const late = payments.sign(body, stripe.clock.now() - 301_000);
    const nonsense = payments.sign("[]");
    for (const [header, sent] of [
      ["", body],
      [late, body],
      [signWebhook(body, ["whsec_other"], stripe.clock.now()), body],
      [nonsense, "[]"],
    ] as const)
      expect(errorCode(await receivePaymentEvent(payments.ctx(), header, sent).catch((error: unknown) => error))).toBe("bad_request");
  });
});

describe("the address of Stripe's webhooks", () => {
  async function send(method: string, body?: string, signature = ""): Promise<[number, unknown]> {
    const headers = { "Stripe-Signature": signature, "Content-Type": "application/json; charset=utf-8" };
    const address = `${API_ORIGIN}/api/v1/billing/stripe/webhook`;
    const request = new Request(address, { method, headers, ...(body !== undefined && { body }) });
    const response = await handleRequest(request, world.platform.env, { waitUntil: () => undefined });
    const { code = null } = errorSchema.parse(await response.json());
    return [response.status, code];
  }

  it("asks for no sign-in but the signature, and is nowhere without Stripe", async () => {
    const body = recordedWebhook("invoice.finalized", "in_of_somebody_else", 0);
    expect(await send("POST", body, payments.sign(body, Date.now()))).toEqual([200, null]);
    expect(await send("POST", body)).toEqual([400, "bad_request"]);
    expect(await send("GET")).toEqual([405, "method_not_allowed"]);
    const nowhere = await payments.having({ STRIPE_SECRET_KEY: "" }, () => send("POST", body, payments.sign(body, Date.now())));
    expect(nowhere).toEqual([404, "not_found"]);
  });
});
