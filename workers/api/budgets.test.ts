import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { budgetTerms, giveNotices, monthOf, workspaceTerms } from "#billing";
import { rememberRegion } from "#platform/placement";
import { appBudgets, auditLogs, billingUsageEvents, runtimeEvents } from "#platform/schema";
import { type Person, type Platform, startPlatform } from "./testing/platform.ts";

let platform: Platform;
let ada: Person;
let bob: Person;
let appId: string;

/** What counters were told, by their names. */
const told: string[] = [];
const count = (limit: number | null) => ({ limit, hard: limit !== null, used: 3, reserved: 0 });
const counters = {
  getByName: (name: string) => ({
    refresh: async () => void told.push(`refresh ${name}`),
    reconcile: async (meter: string, _: number, quantity: number) => {
      told.push(`reconcile ${name} ${meter} ${quantity}`);
      return { settled: true, counted: quantity };
    },
    counts: async () => ({ ...monthOf(Date.now()), planCode: "free", meters: { requests: count(5), tokens: count(null) } }),
  }),
};

// A real server answers; how soon depends on the machine.
beforeAll(async () => {
  platform = await startPlatform();
  Object.assign(platform.env, { QUOTA_COUNTER: counters });
  [ada, bob] = [await platform.signUp("Ada"), await platform.signUp("Bob")];
  rememberRegion(ada.workspaceId, "auto");
  const made = await platform.call(`POST /api/v1/workspaces/${ada.workspaceId}/apps`, { as: ada.as, body: { name: "Desk", slug: "desk" } });
  appId = made.body.data.id;
}, 60_000);
afterAll(() => platform.stop());
beforeEach(() => {
  told.length = 0;
});

const put = (body: unknown, as = ada) => platform.call(`PUT /api/v1/apps/${appId}/budget`, { as: as.as, body });

/** Use of the app that is on record, now or at another time. */
async function record(id: string, meter: "requests" | "tokens" | "egress_bytes", quantity: number, occurredAt = new Date()): Promise<void> {
  await platform.context().db.insert(billingUsageEvents).values({ id, workspaceId: ada.workspaceId, appId, meter, quantity, occurredAt });
}

describe("an app's budget", () => {
  it("is none at first", async () => {
    const { status, body } = await platform.call(`GET /api/v1/apps/${appId}/budget`, { as: ada.as });
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ requests: null, tokens: null, meters: null });
  });

  it("is stored, put into force with what the ledger holds, and left in the audit log", async () => {
    await record("use-1", "requests", 2);
    await record("use-2", "requests", 9, new Date(monthOf(Date.now()).periodStart - 1));
    const { status, body } = await put({ requests: 5, tokens: null });
    expect([status, body.data.requests, body.data.tokens]).toEqual([200, 5, null]);
    expect(body.data.meters.requests).toEqual(count(5));
    const own = `${ada.workspaceId}:${appId}`;
    expect(told).toEqual([`refresh ${own}`, `reconcile ${own} requests 2`, `reconcile ${own} tokens 0`, `refresh ${ada.workspaceId}`]);
    const logs = await platform.context().db.select().from(auditLogs);
    expect(logs.filter(({ action }) => action === "app.budget_changed")).toMatchObject([
      { targetId: appId, before: { requests: null, tokens: null }, after: { requests: 5, tokens: null } },
    ]);
  });

  it("gives its counter the terms, and the workspace's counter its name", async () => {
    await put({ requests: 7, tokens: 800 });
    const ctx = platform.context();
    expect(await budgetTerms(ctx, ada.workspaceId, appId)).toMatchObject({
      limits: { requests: 7, tokens: 800, egress_bytes: null, run_ms: null },
      stops: { requests: 7, tokens: 800 },
      alreadyUsed: { requests: 2, tokens: 0 },
    });
    expect((await workspaceTerms(ctx, ada.workspaceId)).budgetedApps).toEqual([appId]);
    expect((await workspaceTerms(ctx, bob.workspaceId)).budgetedApps).toEqual([]);
  });

  it("is none any more once nothing limits it", async () => {
    await put({ requests: 7, tokens: null });
    expect((await put({ requests: null, tokens: null })).body.data).toMatchObject({ requests: null, tokens: null, meters: null });
    expect(await platform.context().db.select().from(appBudgets)).toEqual([]);
  });

  it.each([
    ["no number", { requests: "many", tokens: null }, "requests"],
    ["part of a request", { requests: 1.5, tokens: null }, "requests"],
    ["less than nothing", { requests: null, tokens: -1 }, "tokens"],
    ["half a budget", { requests: 1 }, "tokens"],
  ])("is refused as %s, and nothing is written", async (_, body, path) => {
    const answer = await put(body);
    expect([answer.status, answer.body.code]).toEqual([422, "validation_failed"]);
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ path }));
    expect(await platform.context().db.select().from(appBudgets)).toEqual([]);
    expect(told).toEqual([]);
  });

  it("does not exist for another workspace", async () => {
    expect((await put({ requests: 1, tokens: null }, bob)).status).toBe(404);
  });
});

describe("a workspace's terms", () => {
  it("stop where the plan has a limit without a price, on what the ledger holds", async () => {
    const ctx = platform.context();
    await record("use-3", "egress_bytes", 4_000);
    expect(await workspaceTerms(ctx, ada.workspaceId)).toMatchObject({
      planCode: "free",
      stops: { requests: 10_000, tokens: 1_000_000, egress_bytes: 5_368_709_120, run_ms: null },
      recorded: { egress_bytes: 4_000, run_ms: 0 },
    });
  });
});

describe("a notice", () => {
  it("is given once a period", async () => {
    const ctx = platform.context();
    const notice = { meter: "requests", percent: 80, used: 8, limit: 10 } as const;
    const period = monthOf(Date.now());
    await giveNotices(ctx, ada.workspaceId, null, period, [notice]);
    await giveNotices(ctx, ada.workspaceId, null, period, [{ ...notice, used: 9 }]);
    await giveNotices(ctx, ada.workspaceId, appId, period, [notice]);
    const events = await ctx.db.select().from(runtimeEvents);
    expect(events.map(({ type, appId, payload }) => ({ type, appId, payload }))).toMatchObject([
      { type: "quota.notice", appId: null, payload: { of: "plan", meter: "requests", percent: 80, used: 8, limit: 10 } },
      { type: "quota.notice", appId, payload: { of: "budget", used: 8 } },
    ]);
    const { body } = await platform.call(`GET /api/v1/workspaces/${ada.workspaceId}/runtime-events?limit=1`, { as: ada.as });
    const rest = await platform.call(`GET /api/v1/workspaces/${ada.workspaceId}/runtime-events?cursor=${body.next_cursor}`, { as: ada.as });
    expect([body.data.length, rest.body.data.length]).toEqual([1, 1]);
  });
});
