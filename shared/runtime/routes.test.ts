import { describe, expect, it } from "vitest";
import { type AppRoute, accessPolicySchema } from "#app";
import { RouteCache, routeKey } from "./routes.ts";
import { testContext } from "./testing/context.ts";
import { FakeKv } from "./testing/kv.ts";

const ADDRESS = { workspaceSlug: "acme", appSlug: "desk" };
const KEY = routeKey(ADDRESS);

function route(epoch: number): AppRoute {
  return {
    workspaceId: "wrk_1",
    workspaceSlug: "acme",
    region: "auto",
    appId: "app_1",
    appSlug: "desk",
    name: "Desk",
    description: "",
    status: "published",
    versionId: `apv_${epoch}`,
    versionNumber: epoch,
    epoch,
    accessPolicy: accessPolicySchema.parse({ access_mode: "public_anonymous" }),
    visitorRules: [],
    passwordGeneration: 0,
    endedSessions: [],
  };
}

/** A world with one app in its database, and as many isolates as a test asks for. */
function world(stored: AppRoute | null) {
  const kv = new FakeKv();
  const { ctx, tick, settled } = testContext({ ROUTES: kv.binding });
  const state = { stored, epoch: stored?.epoch ?? 0, queries: 0, down: false };
  const isolate = () =>
    new RouteCache({
      find: async () => {
        state.queries += 1;
        if (state.down) throw new Error("the database is down");
        return state.stored;
      },
      currentEpoch: async () => state.epoch,
    });
  return { kv, ctx, tick, settled, state, isolate };
}

describe("RouteCache", () => {
  it("asks the database once, then memory; and KV in another isolate", async () => {
    const { ctx, settled, state, isolate } = world(route(1));
    const first = isolate();
    expect(await first.resolve(ctx, ADDRESS)).toEqual(route(1));
    expect(await first.resolve(ctx, ADDRESS)).toEqual(route(1));
    await settled();
    expect(await isolate().resolve(ctx, ADDRESS)).toEqual(route(1));
    expect(state.queries).toBe(1);
  });

  it("makes one query of many simultaneous requests", async () => {
    const { ctx, state, isolate } = world(route(1));
    const cache = isolate();
    await Promise.all(Array.from({ length: 50 }, () => cache.resolve(ctx, ADDRESS)));
    expect(state.queries).toBe(1);
  });

  it("asks the shield before it looks an unknown address up, and for nothing else", async () => {
    const { ctx, state, isolate } = world(route(1));
    const cache = isolate();
    const shielded: string[] = [];
    const refuse = () => Promise.reject(new Error("too many"));
    await expect(cache.resolve(ctx, ADDRESS, refuse)).rejects.toThrow("too many");
    expect(state.queries).toBe(0);
    await cache.resolve(ctx, ADDRESS, async () => void shielded.push("looked up"));
    for (let index = 0; index < 10; index += 1) expect(await cache.resolve(ctx, ADDRESS, refuse)).toEqual(route(1));
    expect([shielded, state.queries]).toEqual([["looked up"], 1]);
  });

  it("reads past memory and KV once the app's epoch is ahead, in every isolate", async () => {
    const { kv, ctx, settled, state, isolate } = world(route(1));
    const warm = isolate();
    await warm.resolve(ctx, ADDRESS);
    await settled();
    state.stored = { ...route(2), status: "unpublished" };
    state.epoch = 2;
    expect(await Promise.all([warm.resolve(ctx, ADDRESS), warm.resolve(ctx, ADDRESS)])).toEqual([state.stored, state.stored]);
    expect(state.queries).toBe(2);
    await kv.put(KEY, JSON.stringify(route(1)));
    expect(await isolate().resolve(ctx, ADDRESS)).toEqual(state.stored);
  });

  it("does not ask again and again when the lease is ahead of the database", async () => {
    const { ctx, state, isolate } = world(route(1));
    state.epoch = 5;
    const cache = isolate();
    for (let request = 0; request < 10; request += 1) expect(await cache.resolve(ctx, ADDRESS)).toEqual(route(1));
    expect(state.queries).toBe(2);
  });

  it("serves a current route while the database is down, and refuses an outdated one", async () => {
    const { ctx, settled, state, isolate } = world(route(1));
    const cache = isolate();
    await cache.resolve(ctx, ADDRESS);
    await settled();
    state.down = true;
    expect(await cache.resolve(ctx, ADDRESS)).toEqual(route(1));
    expect(await isolate().resolve(ctx, ADDRESS)).toEqual(route(1));
    state.epoch = 2;
    await expect(cache.resolve(ctx, ADDRESS)).rejects.toThrow("the database is down");
  });

  it("remembers a miss for moments only, and never in KV", async () => {
    const { kv, ctx, tick, settled, state, isolate } = world(null);
    const cache = isolate();
    for (let request = 0; request < 5; request += 1) expect(await cache.resolve(ctx, ADDRESS)).toBeNull();
    await settled();
    expect(state.queries).toBe(1);
    expect(kv.writes).toBe(0);
    state.stored = route(1);
    tick(250);
    expect(await cache.resolve(ctx, ADDRESS)).toEqual(route(1));
  });

  it("takes a deleted app out of KV", async () => {
    const { kv, ctx, settled, state, isolate } = world(route(1));
    const cache = isolate();
    await cache.resolve(ctx, ADDRESS);
    await settled();
    state.stored = null;
    state.epoch = 2;
    expect(await cache.resolve(ctx, ADDRESS)).toBeNull();
    await settled();
    expect(await kv.get(KEY)).toBeNull();
  });

  it("lives without KV, and past what KV has but cannot be read", async () => {
    const { kv, ctx, settled, state, isolate } = world(route(1));
    await kv.put(KEY, '{"epoch":"nonsense"}');
    expect(await isolate().resolve(ctx, ADDRESS)).toEqual(route(1));
    await settled();
    kv.broken = true;
    expect(await isolate().resolve(ctx, ADDRESS)).toEqual(route(1));
    expect(state.queries).toBe(2);
  });

  it("keeps addresses apart", () => {
    expect(routeKey({ appId: "app_1" })).toBe("route:v4:app:app_1");
    expect(KEY).toBe("route:v4:acme/desk");
  });
});
