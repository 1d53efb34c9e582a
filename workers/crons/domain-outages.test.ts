import { eq } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { checkDueDomains, type Domain, removeDomain } from "#domain";
import type { Context } from "#platform/context";
import { appDomains } from "#platform/schema";
import { dieAt, type Moment } from "../../dev/killed-calls.ts";
import { checkDomain } from "../../shared/domain/check.ts";
import { cleanUp } from "../../shared/domain/removed.ts";
import { DAY, DomainsWorld, HOUR, MINUTE, SECOND } from "../api/testing/domains.ts";
import type { Person } from "../api/testing/platform.ts";

type Owner = Person & { readonly appId: string };

let world: DomainsWorld;
let ada: Owner;

beforeAll(async () => {
  world = await DomainsWorld.start();
  ada = await world.person();
}, 120_000);
afterAll(() => world.stop());
afterEach(() => world.reset());

describe("what Cloudflare does instead of answering", () => {
  const faults = [
    { kind: "unavailable" },
    { kind: "cut" },
    { kind: "rate_limited", retry_after: 120 },
    { kind: "lost_answer", method: "POST" },
  ] as const;

  it.each(faults)("$kind: makes no second hostname, loses no state, and changes none", async (fault) => {
    const active = await world.active(ada);
    const claimed = await world.claim(ada);
    world.obey(claimed);
    world.cloudflare.fail(fault);
    const during = await world.verify(ada, claimed.id);
    expect(during).toMatchObject({
      status: "verifying",
      next_step: { code: "cloudflare_unreachable" },
      checks: { ownership: { state: "passed" } },
    });
    expect((await world.verify(ada, active.id)).status).toBe("active");
    world.cloudflare.fail(null);
    await world.run(15 * MINUTE);
    expect([(await world.shown(ada, claimed.id)).status, world.hostnamesAt(claimed.hostname).length]).toEqual(["active", 1]);
  });

  it("no answer at all: goes on without it", { timeout: 40_000 }, async () => {
    const claimed = await world.claim(ada);
    world.obey(claimed);
    world.cloudflare.fail({ kind: "time_out", times: 1 });
    expect(await world.verify(ada, claimed.id)).toMatchObject({ status: "verifying", next_step: { code: "cloudflare_unreachable" } });
  });

  it("429: nobody asks anything until the time it names", async () => {
    const claimed = await world.claim(ada);
    world.obey(claimed);
    world.cloudflare.fail({ kind: "rate_limited", retry_after: 120, times: 1 });
    await world.verify(ada, claimed.id);
    const asked = world.cloudflare.seen.length;
    await world.run(110 * SECOND, 10 * SECOND);
    expect(world.cloudflare.seen.length).toBe(asked);
    await world.run(2 * MINUTE, 10 * SECOND);
    expect(world.cloudflare.seen.length).toBeGreaterThan(asked);
  });

  it("refuses the token: says so, and changes nothing", async () => {
    const active = await world.active(ada);
    world.set({ CLOUDFLARE_API_TOKEN: "wrong" });
    try {
      expect((await world.verify(ada, active.id)).status).toBe("active");
      const claimed = await world.claim(ada);
      world.obey(claimed);
      expect(await world.verify(ada, claimed.id)).toMatchObject({ status: "verifying", next_step: { code: "cloudflare_refuses" } });
    } finally {
      world.set({ CLOUDFLARE_API_TOKEN: "token1" });
    }
  });

  it("out of order for ten days: a claim waits, and goes on", { timeout: 60_000 }, async () => {
    const claimed = await world.claim(ada);
    world.obey(claimed);
    world.cloudflare.fail({ kind: "unavailable" });
    await world.run(10 * DAY, HOUR);
    expect((await world.shown(ada, claimed.id)).status).toBe("verifying");
    world.cloudflare.fail(null);
    await world.run(20 * HOUR, HOUR);
    expect((await world.shown(ada, claimed.id)).status).toBe("active");
  });

  it("away when a failed claim is checked again: it is asked again by itself", async () => {
    const claimed = await world.claim(ada);
    world.obey(claimed);
    await world.verify(ada, claimed.id);
    await world.ctx().db.update(appDomains).set({ status: "failed", nextCheckAt: null }).where(eq(appDomains.id, claimed.id));
    world.cloudflare.fail({ kind: "unavailable" });
    expect((await world.verify(ada, claimed.id)).status).toBe("failed");
    world.cloudflare.fail(null);
    await world.run(5 * MINUTE);
    expect((await world.shown(ada, claimed.id)).status).toBe("active");
  });

  it("takes a certificate back after a month: the claim has its time anew", { timeout: 60_000 }, async () => {
    const active = await world.active(ada);
    await world.run(30 * DAY, 6 * HOUR);
    expect((await world.shown(ada, active.id)).status).toBe("active");
    const [custom] = world.hostnamesAt(active.hostname);
    world.cloudflare.pin(custom?.id ?? "", { status: "active", ssl: "deactivating" });
    await world.run(7 * HOUR, HOUR);
    expect((await world.shown(ada, active.id)).status).toBe("issuing");
  });

  it("DNS that is away changes nothing either", async () => {
    const active = await world.active(ada);
    const [first, second] = world.resolvers;
    const before = first.zone;
    for (const behaviour of ["cut", { status: 2 }, { http: 503 }] as const) {
      for (const resolver of [first, second])
        resolver.zone = { [active.hostname]: behaviour, [`_agentflow.${active.hostname}`]: behaviour };
      for (let round = 0; round < 4; round += 1) expect((await world.verify(ada, active.id)).status).toBe("active");
    }
    for (const resolver of [first, second]) resolver.zone = before;
  });
});

/** A process that is gone before its n-th statement: nothing reaches the database any more, nor is anything asked of anybody. */
function dyingAt(n: number): { readonly ctx: Context; readonly died: () => boolean } {
  const alive = world.ctx();
  let statements = 0;
  const db = new Proxy(alive.db, {
    get: (target, name) => {
      statements += 1;
      if (statements >= n) throw new Error("the process is gone");
      const method: unknown = Reflect.get(target, name);
      return typeof method === "function" ? method.bind(target) : method;
    },
  });
  return { ctx: Object.create(alive, { db: { value: db } }), died: () => statements >= n };
}

/** Does the same with ever new claims, and dies one statement later each time, until it comes through. Gives how often it died. */
async function dyingEverywhere(
  prepare: () => Promise<Domain>,
  work: (ctx: Context, id: string) => Promise<unknown>,
  check: (domain: Domain) => Promise<void>,
) {
  for (let n = 1; ; n += 1) {
    const domain = await prepare();
    const { ctx, died } = dyingAt(n);
    await work(ctx, domain.id).catch(() => undefined);
    await world.run(20 * MINUTE);
    await check(domain);
    if (!died()) return n - 1;
  }
}

describe("a process that dies at any statement", () => {
  const claimed = async () => {
    const domain = await world.claim(ada);
    world.obey(domain);
    return domain;
  };

  it("while it checks: the next check finds what it began, and makes no second hostname", { timeout: 60_000 }, async () => {
    const deaths = await dyingEverywhere(
      claimed,
      (ctx, id) => checkDomain(ctx, id),
      async ({ id, hostname }) => {
        expect([(await world.shown(ada, id)).status, world.hostnamesAt(hostname).length]).toEqual(["active", 1]);
      },
    );
    expect(deaths).toBeGreaterThanOrEqual(4);
  });

  it("while it deletes: nothing is left at Cloudflare in the end", { timeout: 60_000 }, async () => {
    const removed = async () => {
      const domain = await world.active(ada);
      const silent = Object.create(world.ctx(), { waitUntil: { value: () => undefined } });
      world.cloudflare.fail({ kind: "unavailable" });
      await removeDomain(silent, ada.workspaceId, ada.appId, domain.id);
      await world.platform.settle();
      world.cloudflare.fail(null);
      world.pass(2 * MINUTE);
      return domain;
    };
    const deaths = await dyingEverywhere(removed, cleanUp, async ({ id, hostname }) => {
      expect([world.hostnamesAt(hostname).length, (await world.row(id))?.releasedAt instanceof Date]).toEqual([0, true]);
    });
    expect(deaths).toBeGreaterThanOrEqual(4);
  });
});

describe.each<Moment>(["before", "after"])("a request that is lost, %s its effect", (when) => {
  it("is made up for by the next check, whichever it is", { timeout: 60_000 }, async () => {
    for (const k of [1, 2, 3]) {
      const claimed = await world.claim(ada);
      world.obey(claimed);
      world.cloudflare.interfere(dieAt(k, when));
      await world.verify(ada, claimed.id);
      world.cloudflare.interfere(null);
      await world.run(20 * MINUTE);
      expect([k, (await world.shown(ada, claimed.id)).status, world.hostnamesAt(claimed.hostname).length]).toEqual([k, "active", 1]);
    }
  });

  it("is made up for when it was to delete", { timeout: 60_000 }, async () => {
    for (const k of [1, 2]) {
      const active = await world.active(ada);
      world.cloudflare.interfere(dieAt(k, when));
      await removeDomain(world.ctx(), ada.workspaceId, ada.appId, active.id);
      await world.platform.settle();
      world.cloudflare.interfere(null);
      await world.run(10 * MINUTE);
      expect([k, world.hostnamesAt(active.hostname).length, (await world.row(active.id))?.releasedAt instanceof Date]).toEqual([
        k,
        0,
        true,
      ]);
    }
  });
});

describe("a lease", () => {
  it("lets one check at a time have a claim, and ends with whoever died", async () => {
    const claimed = await world.claim(ada);
    world.obey(claimed);
    await world
      .ctx()
      .db.update(appDomains)
      .set({ nextCheckAt: new Date(0) });
    world.cloudflare.interfere(null);
    await Promise.all(Array.from({ length: 4 }, () => checkDueDomains(world.ctx())));
    expect(world.cloudflare.seen.filter(({ method }) => method === "POST")).toHaveLength(1);
    expect(world.hostnamesAt(claimed.hostname)).toHaveLength(1);

    const held = new Date(world.cloudflare.clock.now() + MINUTE);
    await world
      .ctx()
      .db.update(appDomains)
      .set({ checkingUntil: held, nextCheckAt: new Date(0) });
    const { checkedAt } = (await world.row(claimed.id)) ?? {};
    await checkDueDomains(world.ctx());
    expect((await world.row(claimed.id))?.checkedAt).toEqual(checkedAt);
    world.pass(MINUTE);
    await checkDueDomains(world.ctx());
    expect((await world.row(claimed.id))?.checkedAt).not.toEqual(checkedAt);
  });
});
