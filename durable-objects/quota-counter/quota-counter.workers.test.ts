import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { monthOf } from "#billing";
import type { Env as PlatformEnv } from "#platform/env";
import { errorCode } from "#platform/errors";
import type { QuotaExchange } from "#platform/objects/quota-counter";

declare global {
  namespace Cloudflare {
    interface Env extends Pick<PlatformEnv, "QUOTA_COUNTER"> {}
  }
}

const MAY = Date.UTC(2026, 4, 10);
const JUNE = Date.UTC(2026, 5, 2);

/** The platform database as its driver sees it: one workspace_quotas row for every period that is asked for. */
const database = { up: true, limit: 10, reads: 0 };

function answer(): Response {
  if (!database.up) return new Response("down", { status: 500 });
  database.reads += 1;
  const names = ["period_start", "period_end", "plan_code", "limits", "time_zone", "anchor_day"];
  const { periodStart, periodEnd } = monthOf(Date.now());
  const limits = { requests: database.limit, tokens: null, db_storage_bytes: null, egress_bytes: null, run_ms: null };
  return Response.json({
    command: "SELECT",
    rowCount: 1,
    rowAsArray: true,
    fields: names.map((name) => ({ name, dataTypeID: 25 })),
    rows: [[new Date(periodStart).toISOString(), new Date(periodEnd).toISOString(), "team", JSON.stringify(limits), null, null]],
  });
}

let count = 0;
function counter() {
  count += 1;
  return env.QUOTA_COUNTER.getByName(`wrk_${count}`);
}

function exchange(rest: Partial<QuotaExchange> = {}): QuotaExchange {
  count += 1;
  return { id: `lease-${count}`, needed: 1, extra: 0, lifeMs: 3_000, settled: [], adjustments: {}, ...rest };
}

beforeEach(() => {
  Object.assign(database, { up: true, limit: 10, reads: 0 });
  vi.useFakeTimers({ toFake: ["Date"], now: MAY });
  vi.stubGlobal("fetch", async () => answer());
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
    expect(await stub.counts()).toMatchObject({ periodStart: Date.UTC(2026, 5, 1), planCode: "team" });
  });

  it("reads the plan at most once a minute, or when told", async () => {
    const stub = counter();
    await Promise.all(Array.from({ length: 20 }, () => stub.take(exchange({ needed: 0 }))));
    expect(database.reads).toBe(1);
    database.limit = 25;
    expect(await stub.take(exchange())).toMatchObject({ limit: 10 });
    await stub.refresh();
    expect(database.reads).toBe(2);
    expect(await stub.take(exchange())).toMatchObject({ limit: 25, remaining: 23 });
  });
});
