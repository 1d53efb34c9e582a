import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "#platform/clock";
import type { Env as PlatformEnv } from "#platform/env";
import { type Exchange, LEASE_GRACE_MS, LEASE_LIFE_MS } from "#platform/lease/exchange";
import { type Caller, LeaseHolder } from "#platform/lease/holder";
import type { RateLimit, RateLimitExchange, RateLimitGrant } from "#platform/objects/rate-limiter";

declare global {
  namespace Cloudflare {
    interface Env extends Pick<PlatformEnv, "RATE_LIMITER"> {}
  }
}

const MINUTE: RateLimit = { maxRequests: 10, windowMs: 60_000 };
const { RATE_LIMITER } = env;

let count = 0;
const nextId = () => `lease-${++count}`;
const freshName = () => `ip:app:${++count}`;

function ask(name: string, rest: Partial<RateLimitExchange> = {}): Promise<RateLimitGrant> {
  const exchange = { id: nextId(), needed: 1, extra: 0, lifeMs: LEASE_LIFE_MS, settled: [], limit: MINUTE, knownEpoch: 0 };
  return RATE_LIMITER.getByName(name).take({ ...exchange, ...rest });
}

/** An isolate's memory of one limiter, and a request's way to it. */
function isolate(name: string, limit: RateLimit) {
  const holder = new LeaseHolder<RateLimitGrant>({ policy: "test", lifeMs: LEASE_LIFE_MS, denialMs: limit.windowMs });
  const caller: Caller<RateLimitGrant> = {
    now: () => systemClock.now(),
    sleep: () => new Promise(() => {}),
    newLeaseId: nextId,
    waitUntil: () => {},
    hasMore: () => false,
    warn: () => {},
    exchange: (request: Exchange) => RATE_LIMITER.getByName(name).take({ ...request, limit, knownEpoch: 0 }),
  };
  return { take: () => holder.take(caller) };
}

afterEach(() => {
  vi.useRealTimers();
});

describe("RateLimiter", () => {
  it("admits exactly 10 of 100 simultaneous requests from five isolates", async () => {
    const name = freshName();
    const isolates = Array.from({ length: 5 }, () => isolate(name, MINUTE));
    const takes = await Promise.all(Array.from({ length: 100 }, (_, index) => isolates[index % 5]?.take()));
    expect(takes.filter((take) => take?.ok)).toHaveLength(10);
  });

  it("keeps its count over evictions", async () => {
    const name = freshName();
    for (let round = 0; round < 4; round += 1) {
      const grants = await Promise.all(Array.from({ length: 3 }, () => ask(name)));
      expect(grants.map((grant) => grant.granted)).toEqual(round < 3 ? [1, 1, 1] : [1, 0, 0]);
      await evictDurableObject(RATE_LIMITER.getByName(name));
    }
  });

  it("keeps lent units over an eviction, and counts them as spent when nobody reports", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const name = freshName();
    const limit = { maxRequests: 100, windowMs: 60_000 };
    expect(await ask(name, { extra: 40, limit })).toMatchObject({ granted: 1, extra: 24, remaining: 75 });
    await evictDurableObject(RATE_LIMITER.getByName(name));
    expect(await ask(name, { needed: 100, limit })).toMatchObject({ granted: 75, remaining: 0 });
    vi.setSystemTime(Date.now() + LEASE_LIFE_MS + LEASE_GRACE_MS);
    expect(await ask(name, { limit })).toMatchObject({ granted: 0 });
    vi.setSystemTime(Date.now() + 60_000);
    expect(await ask(name, { limit })).toMatchObject({ granted: 1, remaining: 99 });
  });

  it("takes unspent units back, also after an eviction", async () => {
    const name = freshName();
    const limit = { maxRequests: 100, windowMs: 60_000 };
    await ask(name, { id: "mine", extra: 40, limit });
    await evictDurableObject(RATE_LIMITER.getByName(name));
    const settled = [{ id: "mine", arrival: 1, later: 4 }];
    expect(await ask(name, { needed: 0, settled, limit })).toMatchObject({ remaining: 95 });
  });

  it("says when units come back", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const name = freshName();
    await ask(name, { needed: 10 });
    vi.setSystemTime(Date.now() + 20_000);
    expect(await ask(name)).toMatchObject({ granted: 0, remaining: 0, resetMs: 40_000 });
    vi.setSystemTime(Date.now() + 40_000);
    expect(await ask(name)).toMatchObject({ granted: 1 });
  });

  it("empties itself when its window has passed, and can begin again", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const name = freshName();
    const stub = RATE_LIMITER.getByName(name);
    const tables = () =>
      runInDurableObject(stub, (_, { storage }) => storage.sql.exec("SELECT name FROM sqlite_schema WHERE name = 'state'").toArray());
    await ask(name, { needed: 10 });
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await tables()).toHaveLength(1);
    expect(await ask(name)).toMatchObject({ granted: 0 });
    vi.setSystemTime(Date.now() + 60_000);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await tables()).toHaveLength(0);
    expect(await runDurableObjectAlarm(stub)).toBe(false);
    expect(await ask(name)).toMatchObject({ granted: 1, remaining: 9 });
  });

  it("carries an epoch that only rises, and that survives its window", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const name = `app:${++count}`;
    const stub = RATE_LIMITER.getByName(name);
    await stub.raiseEpoch(3);
    await stub.raiseEpoch(2);
    expect(await ask(name, { knownEpoch: 1 })).toMatchObject({ epoch: 3 });
    expect(await ask(name, { knownEpoch: 5 })).toMatchObject({ epoch: 5 });
    vi.setSystemTime(Date.now() + 120_000);
    await runDurableObjectAlarm(stub);
    await evictDurableObject(stub);
    expect(await ask(name, { limit: null })).toMatchObject({ epoch: 5, granted: 0, remaining: Number.POSITIVE_INFINITY });
  });
});
