import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { aggregateUsage, changePlan, mirrorSubscriptions, sendMeterEvents } from "#billing";
import { errorCode } from "#platform/errors";
import { dieAt, type Moment } from "../../dev/killed-calls.ts";
import type { StripeApi } from "../../dev/stripe-api/server.ts";
import { type BillingWorld, HOUR } from "./testing/billing.ts";
import { PaymentsWorld } from "./testing/payments.ts";

// Each has workspaces of its own, and months of them.
vi.setConfig({ testTimeout: 60_000 });

const MINUTE = 60_000;
const DAY = 24 * HOUR;
const MOMENTS: readonly Moment[] = ["before", "after"];

let payments: PaymentsWorld;
let world: BillingWorld;
let stripe: StripeApi;

beforeAll(async () => {
  payments = await PaymentsWorld.start();
  ({ world, stripe } = payments);
  payments.set({ STRIPE_METERS: "requests=agentflow_requests, tokens=agentflow_tokens" });
}, 90_000);
afterAll(() => payments.stop());

describe("use that Stripe's meters hear of", () => {
  /** A workspace that Stripe knows, and what its meters have heard of it. */
  async function metered() {
    const { customer } = await payments.opened();
    const known = stripe.customers.find(({ metadata }) => metadata["workspace_id"] === customer.workspaceId)?.id;
    const heard = () => stripe.meterEvents.filter((event) => event.customer === known);
    const use = async (quantity: number, hoursAgo: number, meter: "requests" | "tokens" | "run_ms" = "requests", app = "app_a") => {
      await world.use(customer, meter, quantity, stripe.clock.now() - hoursAgo * HOUR, app);
      await aggregateUsage(payments.ctx());
    };
    return { use, heard, values: () => heard().map(({ name, value }) => [name, value]) };
  }

  it("is told by the hour, and what is recorded later by itself", async () => {
    const { use, heard, values } = await metered();
    await use(3, 5);
    await use(4, 5, "requests", "app_b");
    await use(1_000, 4, "tokens");
    await use(1, 4, "run_ms");
    await use(9, 0);
    await sendMeterEvents(payments.ctx());
    await sendMeterEvents(payments.ctx());
    expect(values()).toEqual([
      ["agentflow_requests", 7],
      ["agentflow_tokens", 1_000],
    ]);
    expect(heard()[0]?.timestamp).toBe(Math.floor((stripe.clock.now() - 5 * HOUR) / HOUR) * 3_600);
    await use(2, 5);
    await sendMeterEvents(payments.ctx());
    expect(values().slice(2)).toEqual([["agentflow_requests", 2]]);
  });

  it.each(MOMENTS)("is told once, killed %s each request", async (when) => {
    const { use, heard } = await metered();
    for (const hours of [2, 3, 4, 5]) await use(10 * hours, hours);
    for (let request = 1; ; request += 1) {
      stripe.interfere(dieAt(request, when));
      const outcome = await sendMeterEvents(payments.ctx()).catch((error: unknown) => errorCode(error));
      stripe.interfere(null);
      stripe.clock.advance(MINUTE);
      if (outcome === undefined) break;
      expect(outcome).toBe("upstream_unavailable");
    }
    expect(
      heard()
        .map(({ value }) => value)
        .sort(),
    ).toEqual([20, 30, 40, 50]);
    expect(new Set(heard().map(({ identifier }) => identifier)).size).toBe(4);
  });

  it("is never told again once Stripe may have forgotten it", async () => {
    const { use, values } = await metered();
    await use(70, 2);
    stripe.interfere(dieAt(1, "after"));
    await sendMeterEvents(payments.ctx()).catch(() => undefined);
    stripe.interfere(null);
    stripe.clock.advance(DAY + HOUR);
    await sendMeterEvents(payments.ctx());
    expect(values()).toEqual([["agentflow_requests", 70]]);
  });

  it("is told once by two that do so at the same time", async () => {
    const { use, values } = await metered();
    await use(5, 2);
    await Promise.all([sendMeterEvents(payments.ctx()), sendMeterEvents(payments.ctx()), sendMeterEvents(payments.ctx())]);
    expect(values()).toEqual([["agentflow_requests", 5]]);
  });

  it("is told when the reason for a refusal is gone", async () => {
    const { use, values } = await metered();
    await use(6, 2);
    const answer = { status: 400, body: { error: { type: "invalid_request_error", message: "No meter of this name." } } };
    stripe.interfere(() => ({ when: "before", answer }));
    await sendMeterEvents(payments.ctx());
    stripe.interfere(null);
    stripe.clock.advance(2 * DAY);
    await sendMeterEvents(payments.ctx());
    expect(values()).toEqual([["agentflow_requests", 6]]);
  });
});

describe("a plan that has a price at Stripe", () => {
  it("is subscribed to there, once, and no longer when the plan is another", async () => {
    payments.set({ STRIPE_PRICES: "gold=price_team,silver=price_firm" });
    const customer = await world.newWorkspace();
    const subscriptions = () =>
      stripe.subscriptions
        .filter(({ metadata }) => metadata["workspace_id"] === customer.workspaceId)
        .map(({ price, status }) => [price, status]);
    await changePlan(payments.ctx(), customer.workspaceId, { plan: "team" });
    await mirrorSubscriptions(payments.ctx());
    expect(subscriptions()).toEqual([]);
    payments.set({ STRIPE_PRICES: "team=price_team,firm=price_firm" });
    await mirrorSubscriptions(payments.ctx());
    await mirrorSubscriptions(payments.ctx());
    expect(subscriptions()).toEqual([["price_team", "active"]]);
    await changePlan(world.at(stripe.clock.now() + HOUR), customer.workspaceId, { plan: "firm" });
    await mirrorSubscriptions(payments.ctx());
    expect(subscriptions()).toEqual([["price_firm", "active"]]);
    payments.set({ STRIPE_PRICES: "gold=price_team" });
    await mirrorSubscriptions(payments.ctx());
    expect(subscriptions()).toEqual([["price_firm", "canceled"]]);
    payments.set({ STRIPE_PRICES: "" });
  });

  it("is subscribed to again when the subscription was ended there", async () => {
    payments.set({ STRIPE_PRICES: "team=price_team" });
    const customer = await world.newWorkspace();
    await changePlan(payments.ctx(), customer.workspaceId, { plan: "team" });
    await mirrorSubscriptions(payments.ctx());
    const [first] = stripe.subscriptions.slice(-1);
    const word = (type: string) =>
      payments.receive(JSON.stringify({ id: `evt_${type}`, type: `customer.subscription.${type}`, data: { object: { id: first?.id } } }));
    await word("updated");
    await mirrorSubscriptions(payments.ctx());
    expect(stripe.subscriptions.at(-1)).toBe(first);
    Object.assign(first ?? {}, { status: "canceled" });
    await word("deleted");
    await word("created");
    await mirrorSubscriptions(payments.ctx());
    expect(stripe.subscriptions.at(-1)).toMatchObject({ metadata: { workspace_id: customer.workspaceId }, status: "active" });
    payments.set({ STRIPE_PRICES: "" });
  });
});
