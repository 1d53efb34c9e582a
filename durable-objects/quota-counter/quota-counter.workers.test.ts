import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Env as PlatformEnv } from "#platform/env";
import { errorCode } from "#platform/errors";
import type { QuotaExchange } from "#platform/objects/quota-counter";
import { PlatformDatabase } from "../../shared/billing/testing/platform-database.ts";
import { RESERVATION_LIFE_MS } from "./token-reservations.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Pick<PlatformEnv, "QUOTA_COUNTER"> {}
  }
}

// Far ahead of the runtime's own clock, so that no alarm rings before it is told to.
const MAY = Date.UTC(2099, 4, 10);
const JUNE = Date.UTC(2099, 5, 2);

const database = new PlatformDatabase();

let count = 0;
function counter(appId?: string) {
  count += 1;
  return env.QUOTA_COUNTER.getByName(appId === undefined ? `wrk_${count}` : `wrk_${count}:${appId}`);
}

function exchange(rest: Partial<QuotaExchange> = {}): QuotaExchange {
  count += 1;
  return { id: `lease-${count}`, needed: 1, extra: 0, lifeMs: 3_000, settled: [], adjustments: {}, ...rest };
}

beforeEach(() => {
  Object.assign(database, new PlatformDatabase(), { requests: 10 });
  vi.useFakeTimers({ toFake: ["Date"], now: MAY });
  vi.stubGlobal("fetch", async (_: string, { body }: { body: string }) => database.answer(body));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("QuotaCounter", () => {
  it("admits exactly the plan's requests out of 100 at once, over evictions", async () => {
    const stub = counter();
    const grants = await Promise.all(Array.from({ length: 50 }, () => stub.take(exchange())));
    await evictDurableObject(stub);
    grants.push(...(await Promise.all(Array.from({ length: 50 }, () => stub.take(exchange())))));
    expect(grants.filter((grant) => grant.granted === 1)).toHaveLength(10);
    expect(await stub.counts()).toMatchObject({ planCode: "team", meters: { requests: { limit: 10, used: 10, reserved: 0 } } });
  });

  it("says so when no plan was ever read and the database is down", async () => {
    database.up = false;
    const failure = await counter()
      .take(exchange())
      .catch((error: unknown) => error);
    expect(errorCode(failure)).toBe("database_unavailable");
  });

  it("goes on with the plan it remembers while the database is down, into the next month too", async () => {
    const stub = counter();
    await stub.take(exchange({ needed: 4 }));
    database.up = false;
    await evictDurableObject(stub);
    expect(await stub.take(exchange({ needed: 8 }))).toMatchObject({ granted: 6, remaining: 0 });
    vi.setSystemTime(JUNE);
    expect(await stub.take(exchange({ needed: 2 }))).toMatchObject({ granted: 2, remaining: 8 });
    expect(await stub.counts()).toMatchObject({ periodStart: Date.UTC(2099, 5, 1), planCode: "team" });
  });

  it("reads the plan at most once a minute, or when told", async () => {
    const stub = counter();
    await Promise.all(Array.from({ length: 20 }, () => stub.take(exchange({ needed: 0 }))));
    expect(database.reads).toBe(1);
    database.requests = 25;
    expect(await stub.take(exchange())).toMatchObject({ limit: 10 });
    await stub.refresh();
    expect(database.reads).toBe(2);
    expect(await stub.take(exchange())).toMatchObject({ limit: 25, remaining: 23 });
  });

  it("lets 50 calls at once have no more tokens than are left, and the next when they need less", async () => {
    database.tokens = 20_000;
    const stub = counter();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => stub.reserve(`call-${index}`, 1_000)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(20);
    await evictDurableObject(stub);
    expect((await stub.reserve("late", 1)).ok).toBe(false);
    await Promise.all(answers.map((answer, index) => (answer.ok ? stub.settle(`call-${index}`, 900) : undefined)));
    expect((await stub.counts()).meters.tokens).toEqual({ limit: 20_000, hard: true, used: 18_000, reserved: 0 });
    expect((await stub.reserve("later", 2_000)).ok).toBe(true);
  });

  it("asks the ledger, once it can be reached, what abandoned calls have used", async () => {
    database.tokens = 1_000;
    const stub = counter();
    await stub.reserve("dead", 800);
    vi.setSystemTime(MAY + RESERVATION_LIFE_MS);
    database.up = false;
    await runDurableObjectAlarm(stub).catch(() => undefined);
    expect((await stub.counts()).meters.tokens).toMatchObject({ used: 0, reserved: 800 });
    Object.assign(database, { up: true, ledger: { ...database.ledger, tokens: 30 } });
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect((await stub.counts()).meters.tokens).toMatchObject({ used: 30, reserved: 0 });
  });

  it("reserves nothing where tokens beyond the plan have a price", async () => {
    Object.assign(database, { tokens: 10, prices: { tokens: 5 } });
    const stub = counter();
    expect(await stub.take(exchange())).toMatchObject({ reservesTokens: false, limit: 10 });
    expect(await stub.reserve("any", 5_000)).toEqual({ ok: true });
  });

  it("keeps one app within its budget, with what the app had used before", async () => {
    database.budgets.set("app_1", { requests: 5, tokens: null });
    database.ledger.requests = 3;
    expect(await counter().take(exchange())).toMatchObject({ budgetedApps: ["app_1"], limit: 10 });
    const budget = counter("app_1");
    expect(await budget.take(exchange({ needed: 10 }))).toMatchObject({ granted: 2, limit: 5, reservesTokens: false });
    database.budgets.clear();
    await budget.refresh();
    expect(await budget.take(exchange({ needed: 10 }))).toMatchObject({ granted: 10, limit: null });
  });

  it("stops when the ledger says that another meter is used up", async () => {
    Object.assign(database, { egress: 500, ledger: { ...database.ledger, egress_bytes: 500 } });
    expect(await counter().take(exchange())).toMatchObject({ granted: 0, stoppedBy: "egress_bytes", limit: 500 });
  });

  it("gives each notice once, also when the database was down at first", async () => {
    const stub = counter();
    await stub.take(exchange({ needed: 7 }));
    database.up = false;
    await stub.take(exchange({ needed: 1 }));
    database.up = true;
    await vi.waitFor(async () => {
      await stub.take(exchange({ needed: 0 }));
      expect(database.notices.size).toBe(1);
    });
    await stub.take(exchange({ needed: 2 }));
    await vi.waitFor(() => expect(database.notices.size).toBe(2));
    await evictDurableObject(stub);
    await stub.take(exchange({ needed: 1 }));
    await stub.take(exchange({ needed: 1 }));
    const month = Date.UTC(2099, 4, 1);
    expect([...database.notices]).toEqual([
      expect.stringMatching(`:${month}:requests:80$`),
      expect.stringMatching(`:${month}:requests:100$`),
    ]);
  });
});
