import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { addCreditNote, aggregateUsage, openDuePeriods, openPeriod, settlePeriods, settleWorkspace } from "#billing";
import { BillingWorld, type Customer, HOUR, JUNE, MAY } from "./testing/billing.ts";

// Each has workspaces of its own, and months of them.
vi.setConfig({ testTimeout: 60_000 });

let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.start();
}, 90_000);
afterAll(() => world.platform.stop());

describe("the hourly task", () => {
  it("bills workspaces that nobody visits, and one that fails holds up no other", async () => {
    const [broken, customer] = [await world.customer("team"), await world.customer("team")];
    const terms = sql`UPDATE plan_segments SET terms = '{}' WHERE workspace_id = ${broken.workspaceId}`;
    await world.platform.context().db.execute(terms);
    const later = world.at(Date.UTC(2026, 6, 1) + HOUR);
    await openDuePeriods(later);
    await settlePeriods(later);
    const months = (await world.invoicesOf(customer)).map(({ total, period_start }) => [total, period_start.slice(0, 7)]);
    expect(months).toEqual([
      ["31.00", "2026-06"],
      ["31.00", "2026-05"],
    ]);
    expect(await world.invoicesOf(broken)).toEqual([]);
  });
});

describe("an invoice", () => {
  it("of a million requests at 0.0002 is exactly 200.00 minus what the plan includes", async () => {
    const customer = await world.customer("payg");
    await world.use(customer, "requests", 1_000_000, MAY + HOUR);
    await world.endOfMay(customer);
    const [invoice] = await world.invoicesOf(customer);
    expect(invoice.lines).toEqual([
      expect.objectContaining({ used: 1_000_000, included: 10_000, billable: 990_000, unit_price: "0.0002", amount: "198.00" }),
    ]);
    expect([invoice.total, invoice.currency, invoice.status]).toEqual(["198.00", "USD", "open"]);
  });

  it("charges many small uses, each of which would round to nothing", async () => {
    const customer = await world.customer("team");
    await world.use(customer, "requests", 1_000, MAY);
    for (let index = 0; index < 50; index += 1) await world.use(customer, "requests", 1, MAY + index);
    await world.endOfMay(customer);
    const [invoice] = await world.invoicesOf(customer);
    expect(invoice.lines.map((line: { kind: string; amount: string }) => [line.kind, line.amount])).toEqual([
      ["base", "31.00"],
      ["overage", "0.01"],
    ]);
  });

  it("is not made where nothing is owed: within a free plan, or of a meter that stops", async () => {
    const customer = await world.customer("free");
    await world.use(customer, "requests", 10_000, MAY + HOUR);
    await world.endOfMay(customer);
    expect(await world.invoicesOf(customer)).toEqual([]);
  });

  it("takes storage as the mean of what was measured", async () => {
    const customer = await world.customer("team");
    for (const [hour, bytes] of [1_500, 2_000, 4_001].entries()) await world.use(customer, "db_storage_bytes", bytes, MAY + hour * HOUR);
    await world.endOfMay(customer);
    const [invoice] = await world.invoicesOf(customer);
    expect(invoice.lines[1]).toMatchObject({ meter: "db_storage_bytes", used: 2_501, included: 1_000, billable: 1_501, amount: "15.01" });
  });

  it("has tax on its sum, and its numbers follow each other without a gap, also when one fails half-way", async () => {
    Object.assign(world.platform.env, { TAX_BASIS_POINTS: "1900" });
    const [one, broken, two] = [await world.customer("team"), await world.customer("team"), await world.customer("team")];
    await world.endOfMay(one);
    const [{ id }] = await world.invoicesOf(one);
    // An id that is taken: the invoice has its number by then, and is not written.
    const failing = Object.create(world.at(JUNE + HOUR), { newId: { value: () => id } });
    await expect(settleWorkspace(failing, broken.workspaceId)).rejects.toThrow();
    await Promise.all([world.endOfMay(two), world.endOfMay(broken)]);
    const all = (await Promise.all([one, two, broken].map((one) => world.invoicesOf(one)))).flat();
    expect(all).toHaveLength(3);
    for (const invoice of all) expect(invoice).toMatchObject({ subtotal: "31.00", tax: "5.89", total: "36.89", tax_basis_points: 1900 });
    const numbers = all.map(({ number }) => Number(number.replace("INV-", ""))).sort((a, b) => a - b);
    expect(numbers).toEqual([numbers[0], (numbers[0] ?? 0) + 1, (numbers[0] ?? 0) + 2]);
    Object.assign(world.platform.env, { TAX_BASIS_POINTS: "0" });
  });

  it("that would ask for less than nothing asks for nothing, and carries the rest over", async () => {
    const customer = await world.customer("payg");
    await world.use(customer, "requests", 60_000, MAY + HOUR);
    await world.endOfMay(customer);
    const correction = {
      reference: "r",
      meter: "requests",
      quantity: -50_000,
      occurred_at: new Date(MAY + HOUR).toISOString(),
      reason: "A loop",
    };
    expect((await world.asOperator(customer, "POST /usage/corrections", correction)).status).toBe(201);
    const july = Date.UTC(2026, 6, 1);
    await world.use(customer, "requests", 20_000, JUNE + HOUR);
    await openPeriod(world.at(july), customer.workspaceId);
    await world.use(customer, "requests", 70_000, july + HOUR);
    const august = world.at(Date.UTC(2026, 7, 1) + HOUR);
    await openPeriod(august, customer.workspaceId);
    await aggregateUsage(august);
    await settleWorkspace(august, customer.workspaceId);
    const lines = (await world.invoicesOf(customer)).map((invoice) => [
      invoice.total,
      ...invoice.lines.map(({ kind, amount }: { kind: string; amount: string }) => `${kind} ${amount}`),
    ]);
    expect(lines).toEqual([
      ["4.00", "overage 12.00", "carried_in -8.00"],
      ["0.00", "overage 2.00", "adjustment -10.00", "carried_out 8.00"],
      ["10.00", "overage 10.00"],
    ]);
  });

  it("can be seen as it stands, and as it will be", async () => {
    const customer = await world.newWorkspace();
    const { body: before } = await world.ask(customer, "GET /invoices/upcoming");
    expect(before.data).toMatchObject({ status: "draft", lines: [], total: "0.00", projected_total: "0.00" });
    expect(before.data.meters[0]).toEqual({ meter: "requests", used: 0, included: 10_000, unit_price: null });
    await world.ask(customer, "POST /plan", { plan: "payg" });
    await world.use(customer, "requests", 15_000, Date.now());
    const { body } = await world.ask(customer, "GET /invoices/upcoming");
    expect(body.data.meters[0]).toMatchObject({ used: 15_000, unit_price: "0.0002" });
    expect(body.data.total_minor).toBeGreaterThan(99);
    expect(body.data.projected_total_minor).toBeGreaterThan(body.data.total_minor);
  });
});

describe("payment and credit", () => {
  async function billed(): Promise<{ customer: Customer; path: string; id: string }> {
    const customer = await world.customer("team");
    await world.endOfMay(customer);
    const [{ id }] = await world.invoicesOf(customer);
    return { customer, id, path: `/invoices/${id}` };
  }

  it("are noted by operators, not by the workspace's owner, nor by anybody else", async () => {
    const { customer, path } = await billed();
    const stranger = await world.platform.signUp("Stranger");
    expect((await world.ask(customer, `POST ${path}/mark-paid`)).body.code).toBe("forbidden");
    expect((await world.ask(customer, `POST ${path}/mark-paid`, undefined, stranger)).status).toBe(404);
    expect((await world.ask(customer, "POST /usage/corrections", {})).status).toBe(403);
    const paid = await world.asOperator(customer, `POST ${path}/mark-paid`);
    expect(paid.body.data).toMatchObject({ status: "paid", due: "0.00", paid_at: expect.any(String) });
    expect((await world.asOperator(customer, `POST ${path}/mark-paid`)).body.data.paid_at).toBe(paid.body.data.paid_at);
    expect((await world.asOperator(customer, "GET /invoices")).body.data).toHaveLength(1);
  });

  it("never give back more than an invoice, however many ask at once", async () => {
    const { customer, path, id } = await billed();
    const note = { amount_minor: 1_000, reason: "Outage" };
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => addCreditNote(world.platform.context(), customer.workspaceId, id, note)),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    const { body } = await world.ask(customer, `GET ${path}`);
    expect(body.data).toMatchObject({ status: "open", total: "31.00", credited_minor: 3_000, due: "1.00" });
    expect(new Set(body.data.credit_notes.map(({ number }: { number: string }) => number)).size).toBe(3);
    const rest = await world.asOperator(customer, `POST ${path}/credit-notes`, { amount_minor: 100, reason: "The rest" });
    expect(rest.body.data).toMatchObject({ status: "paid", due: "0.00" });
    const more = await world.asOperator(customer, `POST ${path}/credit-notes`, note);
    expect(more).toMatchObject({ status: 422, body: { errors: [{ path: "amount_minor" }] } });
  });
});

describe("a correction", () => {
  it("has its own name, a reason, and a place in the past", async () => {
    const customer = await world.customer("team");
    const good = { reference: "t1", meter: "requests", quantity: -5, occurred_at: new Date(MAY).toISOString(), reason: "Twice" };
    const correct = (change: object) => world.asOperator(customer, "POST /usage/corrections", { ...good, ...change });
    for (const [change, path] of [
      [{ meter: "db_storage_bytes" }, "meter"],
      [{ quantity: 0 }, "quantity"],
      [{ occurred_at: "2099-01-01T00:00:00Z" }, "occurred_at"],
      [{ reason: "" }, "reason"],
      [{ reference: "a b" }, "reference"],
    ] as const)
      expect(await correct(change)).toMatchObject({ status: 422, body: { errors: [{ path }] } });
    expect((await correct({})).status).toBe(201);
    expect((await correct({})).status).toBe(201);
    expect(await correct({ quantity: -6 })).toMatchObject({ status: 409, body: { code: "conflict" } });
    const { body } = await world.ask(customer, "GET /audit-logs");
    expect(body.data.filter(({ action }: { action: string }) => action === "usage.corrected")).toHaveLength(1);
  });
});
