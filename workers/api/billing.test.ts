import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { changePlan, openPeriod } from "#billing";
import { errorCode } from "#platform/errors";
import { BillingWorld, HOUR, JUNE, MAY } from "./testing/billing.ts";

// Each has workspaces of its own, and months of them.
vi.setConfig({ testTimeout: 60_000 });

let world: BillingWorld;

beforeAll(async () => {
  world = await BillingWorld.start();
}, 90_000);
afterAll(() => world.platform.stop());

describe("a change of plan", () => {
  it("happens at once upwards, with its price for the rest of the period, and is audited", async () => {
    const customer = await world.customer("team");
    const half = MAY + 15.5 * 24 * HOUR;
    expect(await changePlan(world.at(half), customer.workspaceId, { plan: "firm" })).toMatchObject({ plan: "firm", next_plan: null });
    expect(world.refreshed).toContain(customer.workspaceId);
    await world.endOfMay(customer);
    const [invoice] = await world.invoicesOf(customer);
    expect(invoice.lines.map((line: { kind: string; amount: string }) => [line.kind, line.amount])).toEqual([
      ["base", "31.00"],
      ["proration_credit", "-15.50"],
      ["proration_charge", "31.00"],
    ]);
    const { body } = await world.ask(customer, "GET /audit-logs");
    const changes = body.data.filter(({ action }: { action: string }) => action === "plan.changed");
    expect(changes).toContainEqual(
      expect.objectContaining({ before: { plan: "team", next_plan: null }, after: { plan: "firm", next_plan: null } }),
    );
  });

  it("can be looked at before it happens", async () => {
    const customer = await world.newWorkspace();
    await world.ask(customer, "POST /plan", { plan: "team" });
    const { body } = await world.ask(customer, "GET /plan/preview?plan=firm");
    expect(body.data).toMatchObject({ when: "now", currency: "USD" });
    expect(body.data.lines.map((line: { kind: string }) => line.kind)).toEqual(["proration_credit", "proration_charge"]);
    expect((await world.ask(customer, "GET /plan")).body.data.plan).toBe("team");
    expect((await world.ask(customer, "GET /plan/preview?plan=free")).body.data).toMatchObject({
      when: "period_end",
      lines: [],
      total: "0.00",
    });
  });

  it("waits for the end of the period downwards, until when it can be taken back", async () => {
    const customer = await world.customer("firm");
    const change = (plan: string, when?: "now") => changePlan(world.at(MAY + HOUR), customer.workspaceId, { plan, when });
    expect(await change("team")).toMatchObject({ plan: "firm", next_plan: "team" });
    expect(await change("firm")).toMatchObject({ plan: "firm", next_plan: null });
    expect(errorCode(await change("team", "now").catch((error: unknown) => error))).toBe("validation_failed");
    await change("team");
    expect((await openPeriod(world.at(JUNE), customer.workspaceId)).planCode).toBe("team");
  });

  it("is refused where it makes no sense, with nothing changed", async () => {
    const customer = await world.newWorkspace();
    expect(await world.ask(customer, "POST /plan", { plan: "gold" })).toMatchObject({ status: 422, body: { errors: [{ path: "plan" }] } });
    expect(await world.ask(customer, "POST /plan", { plan: "euro" })).toMatchObject({ status: 409, body: { code: "invalid_state" } });
    expect(await world.ask(customer, "POST /plan", { plan: "pro", when: "never" })).toMatchObject({
      status: 422,
      body: { errors: [{ path: "when" }] },
    });
    expect((await world.ask(customer, "GET /plan")).body.data).toMatchObject({ plan: "free", next_plan: null });
  });

  it("asked for many times at once happens once", async () => {
    const customer = await world.customer("team");
    const changes = Array.from({ length: 8 }, (_, index) =>
      changePlan(world.at(MAY + HOUR + index), customer.workspaceId, { plan: "firm" }),
    );
    for (const state of await Promise.all(changes)) expect(state.plan).toBe("firm");
    await world.endOfMay(customer);
    const [invoice] = await world.invoicesOf(customer);
    expect(invoice.lines).toHaveLength(3);
  });

  it("moves where a meter stops", async () => {
    const customer = await world.customer("free");
    expect((await openPeriod(world.at(MAY), customer.workspaceId)).limits).toMatchObject({ requests: 10_000, tokens: 1_000_000 });
    await changePlan(world.at(MAY + HOUR), customer.workspaceId, { plan: "payg" });
    expect((await openPeriod(world.at(MAY + HOUR), customer.workspaceId)).limits).toMatchObject({ requests: null, tokens: null });
  });
});

describe("a billing profile", () => {
  it("has the workspace's name until it is changed, and holds from the next period on", async () => {
    const customer = await world.customer("team");
    const { body } = await world.ask(customer, "GET /billing-profile");
    expect(body.data).toEqual({
      customer_name: "Ada Studio",
      address: "",
      tax_id: "",
      email: "",
      time_zone: "UTC",
      anchor_day: 1,
      payments: "manual",
    });
    const change = { customer_name: "Ada Ltd", tax_id: "GB 1", time_zone: "Asia/Kolkata", anchor_day: 31 };
    expect((await world.ask(customer, "PATCH /billing-profile", change)).body.data).toMatchObject(change);
    await world.endOfMay(customer);
    const [invoice] = await world.invoicesOf(customer);
    expect(invoice).toMatchObject({ period_end: "2026-06-01T00:00:00.000Z", customer: { name: "Ada Ltd", tax_id: "GB 1" } });
    const june = await openPeriod(world.at(JUNE), customer.workspaceId);
    expect(new Date(june.periodEnd).toISOString()).toBe("2026-06-29T18:30:00.000Z");
  });

  it.each([
    [{ time_zone: "Mars/Base" }, "time_zone"],
    [{ anchor_day: 32 }, "anchor_day"],
    [{ anchor_day: 0 }, "anchor_day"],
    [{ email: "nobody" }, "email"],
    [{ customer_name: " " }, "customer_name"],
    [{ currency: "EUR" }, ""],
  ])("refuses %j", async (change, path) => {
    const customer = await world.newWorkspace();
    expect(await world.ask(customer, "PATCH /billing-profile", change)).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  });
});
