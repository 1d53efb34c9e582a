import { aggregateUsage, changePlan, openPeriod, settleWorkspace } from "#billing";
import type { Context } from "#platform/context";
import { billingPlans, billingUsageEvents, type Meter } from "#platform/schema";
import { type Answer, type Person, type Platform, startPlatform } from "./platform.ts";

export const HOUR = 3_600_000;
export const MAY = Date.UTC(2026, 4, 1);
export const JUNE = Date.UTC(2026, 5, 1);

/** A workspace, and its owner. */
export type Customer = Person;

/** The platform with plans whose numbers are easy, at whatever time a test says it is. */
export class BillingWorld {
  readonly platform: Platform;
  readonly owner: Person;
  readonly operator: Person;
  /** Workspaces whose counters were told of a change of plan. */
  readonly refreshed: string[] = [];
  #count = 0;

  private constructor(platform: Platform, owner: Person, operator: Person) {
    this.platform = platform;
    this.owner = owner;
    this.operator = operator;
    const counter = (name: string) => ({ refresh: async () => void this.refreshed.push(name) });
    Object.assign(platform.env, { OPERATORS: `usr_nobody, ${operator.userId}`, QUOTA_COUNTER: { getByName: counter } });
  }

  static async start(): Promise<BillingWorld> {
    const platform = await startPlatform();
    const [owner, operator] = [await platform.signUp("Ada"), await platform.signUp("Operator")];
    const limits = { requests: 1_000, tokens: 500, db_storage_bytes: 1_000, egress_bytes: null, run_ms: null };
    const plan = { currency: "USD", limits, overageMicros: { requests: 200, db_storage_bytes: 10_000 } };
    await platform
      .context()
      .db.insert(billingPlans)
      .values([
        { ...plan, code: "team", name: "Team", position: 10, priceMinor: 3_100 },
        { ...plan, code: "firm", name: "Firm", position: 11, priceMinor: 6_200 },
        { ...plan, code: "euro", name: "Euro", position: 12, priceMinor: 6_200, currency: "EUR" },
      ]);
    return new BillingWorld(platform, owner, operator);
  }

  at(now: number): Context {
    return this.platform.context({ now: () => now });
  }

  /** A request about a workspace, such as `GET /invoices`. */
  ask(customer: Customer, route: string, body?: unknown, as: Person = customer, headers = {}): Promise<Answer> {
    const path = route.replace(" /", ` /api/v1/workspaces/${customer.workspaceId}/`);
    return this.platform.call(path, { as: as.as, headers, ...(body === undefined ? {} : { body }) });
  }

  asOperator(customer: Customer, route: string, body?: unknown): Promise<Answer> {
    return this.ask(customer, route, body, this.operator);
  }

  /** Another workspace of the owner's, on the free plan. */
  async newWorkspace(): Promise<Customer> {
    const { body } = await this.platform.call("POST /api/v1/workspaces", { as: this.owner.as, body: { name: "Ada Studio" } });
    return { ...this.owner, workspaceId: body.data.id };
  }

  /** A workspace that has been on a plan since the beginning of May. */
  async customer(plan: string): Promise<Customer> {
    const customer = await this.newWorkspace();
    const april = this.at(MAY - HOUR);
    await openPeriod(april, customer.workspaceId);
    await changePlan(april, customer.workspaceId, { plan, when: "period_end" });
    await openPeriod(this.at(MAY), customer.workspaceId);
    return customer;
  }

  /** Adds an event to the ledger; answers its id. */
  async use({ workspaceId }: Customer, meter: Meter, quantity: number, occurredAt: number, appId = "app_a"): Promise<string> {
    this.#count += 1;
    const id = `event-${String(this.#count).padStart(4, "0")}`;
    const event = { id, workspaceId, appId, meter, quantity, occurredAt: new Date(occurredAt) };
    await this.platform.context().db.insert(billingUsageEvents).values(event);
    return id;
  }

  /** Bills May. */
  async endOfMay({ workspaceId }: Customer): Promise<void> {
    await aggregateUsage(this.at(JUNE + HOUR));
    await settleWorkspace(this.at(JUNE + HOUR), workspaceId);
  }

  /** All invoices in full, the latest period first. */
  async invoicesOf(customer: Customer): Promise<Answer["body"][]> {
    const { body } = await this.ask(customer, "GET /invoices");
    const all = await Promise.all(
      body.data.map(async ({ id }: { id: string }) => (await this.ask(customer, `GET /invoices/${id}`)).body.data),
    );
    return all.sort((a, b) => Date.parse(b.period_start) - Date.parse(a.period_start));
  }
}
