import { eq } from "drizzle-orm";
import { collectPayments, receivePaymentEvent } from "#billing";
import type { Context } from "#platform/context";
import type { Env } from "#platform/env";
import { auditLogs } from "#platform/schema";
// biome-ignore lint/style/noRestrictedImports: tests run on a double of Stripe
import { type StripeApi, signWebhook, startStripeApi } from "../../../dev/stripe-api/server.ts";
import { BillingWorld, type Customer, HOUR, JUNE } from "./billing.ts";
import type { Answer } from "./platform.ts";
import { type RecordedType, recordedWebhook } from "./recorded-webhooks.ts";

const SECRET_KEY = "sk_test_double";
const WEBHOOK_SECRET = "whsec_double";

/** An invoice of 31.00, here. */
export interface Billed {
  readonly customer: Customer;
  readonly id: string;
  readonly number: string;
}

/** The same at Stripe, too. */
export interface Opened extends Billed {
  readonly reference: string;
}

/** A deployment whose invoices Stripe collects; time, an hour after the end of May, is the double's. */
export class PaymentsWorld {
  readonly world: BillingWorld;
  readonly stripe: StripeApi;

  private constructor(world: BillingWorld, stripe: StripeApi) {
    this.world = world;
    this.stripe = stripe;
  }

  static async start(): Promise<PaymentsWorld> {
    const prices = { price_team: 0, price_firm: 0 };
    const stripe = await startStripeApi({ port: 0, secretKey: SECRET_KEY, time: "manual", prices });
    stripe.clock.advance(JUNE + HOUR - stripe.clock.now());
    const payments = new PaymentsWorld(await BillingWorld.start(), stripe);
    payments.set({ STRIPE_SECRET_KEY: SECRET_KEY, STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET, STRIPE_API_URL: stripe.origin });
    return payments;
  }

  async stop(): Promise<void> {
    await this.world.platform.stop();
    await this.stripe.close();
  }

  set(variables: Partial<Env>): void {
    Object.assign(this.world.platform.env, variables);
  }

  /** Runs with these variables, and then as before. */
  async having<T>(variables: Partial<Env>, work: () => Promise<T>): Promise<T> {
    const { env } = this.world.platform;
    const before = Object.fromEntries(Object.keys(variables).map((name) => [name, Reflect.get(env, name)]));
    this.set(variables);
    try {
      return await work();
    } finally {
      this.set(before);
    }
  }

  ctx(): Context {
    return this.world.platform.context(this.stripe.clock);
  }

  async billed(): Promise<Billed> {
    const customer = await this.world.customer("team");
    await this.world.endOfMay(customer);
    const [{ id, number }] = await this.world.invoicesOf(customer);
    return { customer, id, number };
  }

  async opened(): Promise<Opened> {
    const invoice = await this.billed();
    await collectPayments(this.ctx());
    return { ...invoice, reference: this.counterpart(invoice).id };
  }

  /** The one invoice that Stripe has for ours. */
  counterpart({ id }: Billed) {
    const [one, ...others] = this.stripe.invoices.filter(({ metadata }) => metadata["invoice_id"] === id);
    if (!one || others.length > 0) throw new Error(`Stripe has ${others.length + (one ? 1 : 0)} invoices for ${id}`);
    return one;
  }

  /** As members see it. */
  async shown({ customer, id }: Billed): Promise<Answer["body"]> {
    return (await this.world.ask(customer, `GET /invoices/${id}`)).body.data;
  }

  /** What was written down of an invoice's changes, the first one first. */
  async auditOf({ id }: Billed): Promise<string[]> {
    const rows = await this.ctx().db.select().from(auditLogs).where(eq(auditLogs.targetId, id)).orderBy(auditLogs.id);
    return rows.map(({ action }) => action);
  }

  sign(body: string, now = this.stripe.clock.now()): string {
    return signWebhook(body, [WEBHOOK_SECRET], now);
  }

  receive(body: string): Promise<void> {
    return receivePaymentEvent(this.ctx(), this.sign(body), body);
  }

  hear(type: RecordedType, reference: string): Promise<void> {
    return this.receive(recordedWebhook(type, reference, Math.floor(this.stripe.clock.now() / 1_000)));
  }
}
