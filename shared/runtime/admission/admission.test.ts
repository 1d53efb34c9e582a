import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Context, createContext } from "#platform/context";
import { errorCode } from "#platform/errors";
import { rememberRegion } from "#platform/placement";
import { networkName } from "./client-network.ts";
import { type Admission, type AdmissionRoute, admit, currentEpoch, type Visitor } from "./index.ts";
import { Counters } from "./testing/counters.ts";

const VISITOR = { ip: "203.0.113.7", sessionId: "vis_1", apiKeyId: null };
const AMPLE = { max_requests: 100_000, window_seconds: 60 };

type Limits = AdmissionRoute["accessPolicy"]["rate_limit"];

// As whoever resolved the app's address has done.
rememberRegion("wrk_1", "auto");

function route(limits: Partial<Limits> = {}, epoch = 1): AdmissionRoute {
  const rate_limit = { per_ip: null, per_session: null, per_app: null, ...limits };
  return { workspaceId: "wrk_1", appId: "app_1", epoch, accessPolicy: { rate_limit } };
}

let counters: Counters;
let ctx: Context;

beforeEach(async () => {
  // WebCrypto answers in real time, and only once for an address.
  await networkName({ env: new Counters().env }, VISITOR.ip);
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 15) });
  counters = new Counters();
  ctx = createContext(counters.env, { waitUntil: () => {} });
});

afterEach(() => {
  vi.useRealTimers();
});

/** One request's admission, and what time it takes. */
async function visit(to: AdmissionRoute, who: Visitor = VISITOR): Promise<Admission> {
  const admission = admit(ctx, to, who);
  admission.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(20);
  return admission;
}

/** Long enough for everything unspent to be handed back. */
const quiet = () => vi.advanceTimersByTimeAsync(10_000);

describe("a warm visitor", () => {
  test("at 50 requests a second costs at most 0.1 calls a request, and is counted to the unit", async () => {
    const app = route({ per_ip: AMPLE, per_session: AMPLE, per_app: AMPLE });
    for (let index = 0; index < 100; index += 1) await visit(app);
    const callsWhenWarm = counters.calls;
    for (let index = 0; index < 500; index += 1) expect((await visit(app)).ok).toBe(true);
    expect((counters.calls - callsWhenWarm) / 500).toBeLessThanOrEqual(0.1);
    await quiet();
    expect(counters.quota.used).toBe(600);
    expect(counters.quota.book.held()).toBe(0);
    for (const kind of ["ip", "session", "app"]) expect(counters.only(kind).book.held()).toBe(0);
  });

  test("never waits for a call", async () => {
    const app = route({ per_ip: AMPLE, per_session: AMPLE });
    for (let index = 0; index < 100; index += 1) await visit(app);
    for (let index = 0; index < 200; index += 1) {
      const admission = admit(ctx, app, VISITOR);
      const first = await Promise.race([admission.then(() => "admitted"), vi.advanceTimersByTimeAsync(1).then(() => "waited")]);
      expect(first).toBe("admitted");
      await vi.advanceTimersByTimeAsync(19);
    }
  });

  test("is told of each limit", async () => {
    const limits = { per_ip: { max_requests: 120, window_seconds: 60 }, per_app: { max_requests: 1_000, window_seconds: 3_600 } };
    const { headers } = await visit(route(limits));
    expect(headers).toEqual({
      "RateLimit-Policy": '"per_ip";q=120;w=60, "per_app";q=1000;w=3600',
      RateLimit: '"per_ip";r=119;t=60, "per_app";r=999;t=3600',
    });
    expect((await visit(route())).headers).toEqual({});
  });
});

describe("a refusal", () => {
  const strict = route({ per_ip: { max_requests: 10, window_seconds: 60 }, per_session: { max_requests: 2, window_seconds: 60 } });

  test("names its limit and takes nothing from the others", async () => {
    await visit(strict);
    await visit(strict);
    expect(await visit(strict)).toMatchObject({
      ok: false,
      reason: "rate_limited",
      limit: "per_session",
      retryAfter: 60,
      headers: { "RateLimit-Policy": '"per_session";q=2;w=60', RateLimit: '"per_session";r=0;t=60' },
    });
    await quiet();
    expect([counters.only("ip").used(), counters.quota.used]).toEqual([2, 2]);
  });

  test("costs an attacker's host no calls but the epoch's", async () => {
    for (let index = 0; index < 3; index += 1) await visit(strict);
    await quiet();
    const calls = counters.calls;
    for (let index = 0; index < 500; index += 1) expect((await visit(strict)).ok).toBe(false);
    expect(counters.calls - calls).toBeLessThanOrEqual(10);
  });

  test("is over when its time is", async () => {
    for (let index = 0; index < 3; index += 1) await visit(strict);
    const refusal = await visit(strict);
    await vi.advanceTimersByTimeAsync(refusal.ok ? 0 : refusal.retryAfter * 1_000);
    expect((await visit(strict)).ok).toBe(true);
  });

  test("is forgotten when the policy changes", async () => {
    for (let index = 0; index < 3; index += 1) await visit(strict);
    const generous = route({ per_ip: strict.accessPolicy.rate_limit.per_ip, per_session: { max_requests: 5, window_seconds: 60 } }, 2);
    expect(await visit(generous)).toMatchObject({ ok: true, epoch: 2 });
  });

  test("of the quota stands above the limits", async () => {
    counters.quota.limit = 2;
    await visit(strict);
    await visit(strict);
    expect(await visit(strict)).toMatchObject({
      ok: false,
      reason: "quota_exceeded",
      limit: "quota",
      retryAfter: 86_400,
      headers: { "RateLimit-Policy": '"quota";q=2;w=2592000', RateLimit: '"quota";r=0;t=86400' },
    });
    await quiet();
    expect([counters.only("ip").used(), counters.quota.used]).toEqual([2, 2]);
  });

  test("of the quota ends soon after the plan was raised", async () => {
    counters.quota.limit = 1;
    await visit(route());
    expect((await visit(route())).ok).toBe(false);
    counters.quota.limit = 100;
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await visit(route())).ok).toBe(true);
  });
});

describe("simultaneous requests", () => {
  test("of 100 exactly 10 are admitted, and the quota counts those", async () => {
    const app = route({ per_ip: { max_requests: 10, window_seconds: 60 }, per_session: AMPLE });
    const all = Promise.all(Array.from({ length: 100 }, (_, index) => admit(ctx, app, { ...VISITOR, sessionId: `vis_${index}` })));
    await vi.advanceTimersByTimeAsync(200);
    const admissions = await all;
    expect(admissions.filter((admission) => admission.ok)).toHaveLength(10);
    await quiet();
    expect(counters.quota.used).toBe(10);
  });
});

describe("a refund", () => {
  test.each([
    ["at once", 0],
    ["after a long run", 60_000],
  ])("%s gives the request back, once", async (_, after) => {
    await visit(route({ per_ip: AMPLE }));
    const admission = await visit(route({ per_ip: AMPLE }));
    await vi.advanceTimersByTimeAsync(after);
    if (admission.ok) for (let times = 0; times < 3; times += 1) admission.refund();
    await quiet();
    expect(counters.quota.used).toBe(1);
  });
});

describe("the epoch", () => {
  test("is at most 3 s old, and costs a page no call when warm", async () => {
    const read = async () => {
      const epoch = currentEpoch(ctx, "app_1");
      await vi.advanceTimersByTimeAsync(20);
      return epoch;
    };
    counters.limiter("app:app_1").epoch = 4;
    expect(await read()).toBe(4);
    for (let index = 0; index < 50; index += 1) expect(await read()).toBe(4);
    expect(counters.calls).toBe(1);
    counters.limiter("app:app_1").epoch = 5;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await read()).toBe(5);
  });

  test("that was never announced is learned from a route that has it", async () => {
    const page = currentEpoch(ctx, "app_1");
    await vi.advanceTimersByTimeAsync(20);
    expect(await page).toBe(0);
    expect(await visit(route({}, 7))).toMatchObject({ epoch: 7 });
    await vi.advanceTimersByTimeAsync(3_000);
    const later = currentEpoch(ctx, "app_1");
    await vi.advanceTimersByTimeAsync(20);
    expect(await later).toBe(7);
    expect(counters.only("app").epoch).toBe(7);
  });
});

describe("a counter that fails", () => {
  const retryable = Object.assign(new Error("Network connection lost."), { retryable: true });
  const overloaded = Object.assign(new Error("Durable Object is overloaded."), { retryable: true, overloaded: true });
  const app = route({ per_ip: AMPLE, per_session: AMPLE });

  test("for a moment is asked once more", async () => {
    counters.failures = [{ prefix: "ip:", error: retryable }];
    expect((await visit(app)).ok).toBe(true);
  });

  test.each([
    ["twice", [retryable, retryable]],
    ["because it is overloaded", [overloaded]],
    ["for no known reason", [new Error("internal")]],
  ])("%s admits nobody and takes nothing", async (_, errors) => {
    counters.failures = errors.map((error) => ({ prefix: "ip:", error }));
    const failure = await visit(app).catch((error: unknown) => error);
    expect(errorCode(failure)).toBe("upstream_unavailable");
    await quiet();
    expect([counters.quota.used, counters.only("session").used()]).toEqual([0, 0]);
    expect((await visit(app)).ok).toBe(true);
  });
});

describe("an API key", () => {
  test("has a limit of its own, whatever its network and session", async () => {
    const app = route({ per_key: { max_requests: 2, window_seconds: 60 } });
    const by = (apiKeyId: string | null, number: number) => visit(app, { ip: `203.0.113.${number}`, sessionId: `vis_${number}`, apiKeyId });
    expect([(await by("key_1", 1)).ok, (await by("key_1", 2)).ok, (await by("key_2", 3)).ok]).toEqual([true, true, true]);
    expect(await by("key_1", 4)).toMatchObject({ ok: false, reason: "rate_limited", limit: "per_key" });
    expect((await by(null, 5)).ok).toBe(true);
  });
});

describe("an app's budget", () => {
  const budget = () => counters.quotaOf("wrk_1:app_1");

  beforeEach(() => {
    counters.quota.budgetedApps = ["app_1"];
    budget().limit = 3;
  });

  test("is never exceeded, and what it refuses is not taken from the workspace", async () => {
    const all = Promise.all(Array.from({ length: 50 }, () => admit(ctx, route(), VISITOR)));
    await vi.advanceTimersByTimeAsync(200);
    const admissions = await all;
    expect(admissions.filter((admission) => admission.ok)).toHaveLength(3);
    expect(admissions.find((admission) => !admission.ok)).toMatchObject({
      reason: "quota_exceeded",
      limit: "budget",
      headers: { "RateLimit-Policy": '"budget";q=3;w=2592000' },
    });
    await quiet();
    expect([counters.quota.used, budget().used]).toEqual([3, 3]);
  });

  test("that refuses costs no calls but the epoch's", async () => {
    for (let index = 0; index < 4; index += 1) await visit(route());
    await quiet();
    const calls = counters.calls;
    for (let index = 0; index < 200; index += 1) expect((await visit(route())).ok).toBe(false);
    expect(counters.calls - calls).toBeLessThanOrEqual(10);
  });

  test("is another app's neither to use nor to pay for", async () => {
    const other = { ...route(), appId: "app_2" };
    for (let index = 0; index < 5; index += 1) expect((await visit(other)).ok).toBe(true);
    expect([budget().used, [...counters.quotas.keys()]]).toEqual([0, ["wrk_1", "wrk_1:app_1"]]);
  });

  test("holds soon after it was given, and no longer after it was taken away", async () => {
    counters.quota.budgetedApps = [];
    for (let index = 0; index < 5; index += 1) await visit(route());
    counters.quota.budgetedApps = ["app_1"];
    budget().limit = 0;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await visit(route())).toMatchObject({ ok: false, limit: "budget" });
    counters.quota.budgetedApps = [];
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await visit(route())).ok).toBe(true);
  });

  test("gets back what a run that never came to be had taken", async () => {
    const admission = await visit(route());
    if (admission.ok) admission.refund();
    await quiet();
    expect([counters.quota.used, budget().used]).toEqual([0, 0]);
  });
});

describe("a meter that is known only afterwards", () => {
  test("refuses once it is used up", async () => {
    await visit(route());
    counters.quota.usedUp = "egress_bytes";
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await visit(route())).toMatchObject({ ok: false, reason: "quota_exceeded", limit: "quota" });
  });
});

describe("a visitor who is slowed down", () => {
  const slowed = { ...VISITOR, slowed: true };
  const admitted = async (app: AdmissionRoute, requests: number, who = slowed) => {
    let count = 0;
    for (let index = 0; index < requests; index += 1) if ((await visit(app, who)).ok) count += 1;
    return count;
  };

  test("gets a tenth of each limit, and others all of it", async () => {
    const app = route({ per_session: { max_requests: 50, window_seconds: 60 } });
    expect(await admitted(app, 20)).toBe(5);
    expect(await admitted(app, 20, { ...VISITOR, sessionId: "vis_2", slowed: false })).toBe(20);
  });

  test("gets ten requests a minute where there is no limit", async () => {
    expect(await admitted(route(), 20)).toBe(10);
  });
});
