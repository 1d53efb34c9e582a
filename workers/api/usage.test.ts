import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { aggregateUsage } from "#billing";
import { inTransaction } from "#platform/db";
import { billingUsageEvents, type Meter, usageWatermark } from "#platform/schema";
import { BillingWorld, type Customer, HOUR, MAY } from "./testing/billing.ts";

// Each has workspaces of its own, and months of them.
vi.setConfig({ testTimeout: 60_000 });

let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.start();
}, 90_000);
afterAll(() => world.platform.stop());

describe("the ledger", () => {
  it("is only ever added to", async () => {
    const customer = await world.customer("team");
    const id = await world.use(customer, "requests", 5, MAY);
    await world.endOfMay(customer);
    const { db } = world.platform.context();
    for (const statement of [
      sql`UPDATE billing_usage_events SET quantity = 1 WHERE id = ${id}`,
      sql`DELETE FROM billing_usage_events WHERE id = ${id}`,
      sql`UPDATE invoices SET total_minor = 0, subtotal_minor = 0 WHERE workspace_id = ${customer.workspaceId}`,
      sql`DELETE FROM invoice_lines WHERE workspace_id = ${customer.workspaceId}`,
    ])
      await expect(db.execute(statement)).rejects.toThrow();
    const negative = {
      id: "negative",
      workspaceId: customer.workspaceId,
      meter: "requests",
      quantity: -1,
      occurredAt: new Date(MAY),
    } as const;
    await expect(db.insert(billingUsageEvents).values(negative)).rejects.toThrow();
  });

  it("is added up without a gap, also when a transaction that began first ends last", async () => {
    const customer = await world.customer("team");
    const { workspaceId } = customer;
    const used = async () => (await usedIn(workspaceId, "requests")) ?? 0;
    await world.use(customer, "requests", 1, MAY);
    const values = { id: "slow", workspaceId, meter: "requests", quantity: 10, occurredAt: new Date(MAY) } as const;
    await inTransaction(world.platform.env, async (tx) => {
      await tx.insert(billingUsageEvents).values(values);
      await world.use(customer, "requests", 100, MAY);
      await aggregateUsage(world.at(MAY));
      expect(await used()).toBe(101);
    });
    expect(await used()).toBe(111);
    await Promise.all([aggregateUsage(world.at(MAY)), aggregateUsage(world.at(MAY)), world.use(customer, "requests", 1_000, MAY)]);
    expect(await used()).toBe(1_111);
    await aggregateUsage(world.at(MAY));
    expect([await used(), await hourOf(workspaceId)]).toEqual([1_111, 1_111]);
  });

  it("is added up anew where the database was moved to a server with lower numbers", async () => {
    const customer = await world.customer("team");
    const { workspaceId } = customer;
    await world.use(customer, "requests", 7, MAY);
    await aggregateUsage(world.at(MAY));
    await world.platform.context().db.update(usageWatermark).set({ position: 1_000_000_000n });
    await world.use(customer, "requests", 2, MAY);
    await aggregateUsage(world.at(MAY));
    await world.use(customer, "requests", 4, MAY);
    expect(await usedIn(workspaceId, "requests")).toBe(13);
    await aggregateUsage(world.at(MAY));
    expect(await hourOf(workspaceId)).toBe(13);
    const [last] = await world.platform
      .context()
      .db.execute(sql`SELECT max(position)::text AS position FROM billing_usage_events`)
      .then(({ rows }) => rows);
    expect(BigInt(String(last?.["position"]))).toBeGreaterThan(1_000_000_000n);
  });

  /** What reads see: the hours, and what was not added up yet. */
  async function usedIn(workspaceId: string, meter: Meter): Promise<number | undefined> {
    const { rows } = await world.platform
      .context()
      .db.execute(sql`SELECT sum(quantity)::int AS used FROM usage_by_hour WHERE workspace_id = ${workspaceId} AND meter = ${meter}`);
    return Number(rows[0]?.["used"]);
  }

  /** What was added up for the first hour of May. */
  async function hourOf(workspaceId: string): Promise<number> {
    const { rows } = await world.platform
      .context()
      .db.execute(sql`SELECT sum(quantity)::int AS used FROM usage_hours WHERE workspace_id = ${workspaceId}`);
    return Number(rows[0]?.["used"]);
  }
});

describe("the usage API", () => {
  let customer: Customer;
  beforeAll(async () => {
    customer = await world.customer("team");
    await world.use(customer, "requests", 3, MAY + 10);
    await world.use(customer, "requests", 4, MAY + HOUR, "app_b");
    await aggregateUsage(world.at(MAY));
    await world.use(customer, "requests", 5, MAY + 25 * HOUR);
    await world.use(customer, "tokens", 50, MAY + 25 * HOUR);
  });
  const month = "from=2026-05-01T00:00:00Z&to=2026-06-01T00:00:00Z";
  const points = async (query: string) =>
    (await world.ask(customer, `GET /usage?${query}`)).body.data.points.map(Object.values) as [string, string | null, string, number][];

  it("shows use by hour, day and month, by app and by meter, also what was not added up yet", async () => {
    expect(await points(`${month}&interval=hour&meter=requests`)).toEqual([
      ["2026-05-01T00:00:00.000Z", null, "requests", 3],
      ["2026-05-01T01:00:00.000Z", null, "requests", 4],
      ["2026-05-02T01:00:00.000Z", null, "requests", 5],
    ]);
    expect(await points(`${month}&interval=day&group_by=app&meter=requests`)).toEqual([
      ["2026-05-01T00:00:00.000Z", "app_a", "requests", 3],
      ["2026-05-01T00:00:00.000Z", "app_b", "requests", 4],
      ["2026-05-02T00:00:00.000Z", "app_a", "requests", 5],
    ]);
    expect(await points(`${month}&interval=month`)).toEqual([
      ["2026-05-01T00:00:00.000Z", null, "requests", 12],
      ["2026-05-01T00:00:00.000Z", null, "tokens", 50],
    ]);
    expect(await points(`${month}&interval=month&app_id=app_b`)).toEqual([["2026-05-01T00:00:00.000Z", null, "requests", 4]]);
  });

  it("gives the same as a file", async () => {
    const answer = await world.ask(customer, `GET /usage?${month}&interval=month`, undefined, customer, { Accept: "text/csv" });
    expect(answer.headers.get("Content-Type")).toBe("text/csv; charset=utf-8");
    expect(answer.body).toBe(
      "at,app_id,meter,quantity\r\n2026-05-01T00:00:00.000Z,,requests,12\r\n2026-05-01T00:00:00.000Z,,tokens,50\r\n",
    );
  });

  it.each([
    ["to=2026-05-01T00:00:00Z", "from"],
    ["from=2026-05-01T00:00:00Z&month=2026-05", "from"],
    ["from=2026-05-02T00:00:00Z&to=2026-05-01T00:00:00Z", "to"],
    ["from=yesterday", "from"],
    ["from=2026-01-01T00:00:00Z&to=2026-12-01T00:00:00Z&interval=hour", "interval"],
    ["interval=week", "interval"],
    ["meter=visits", "meter"],
  ])("refuses %s", async (query, path) => {
    expect(await world.ask(customer, `GET /usage?${query}`)).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  });
});
