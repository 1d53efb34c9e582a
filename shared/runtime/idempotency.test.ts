import { describe, expect, it } from "vitest";
import { idempotencyKeyOf, runKey, sessionSeed } from "./idempotency.ts";
import { openSession, SESSION_HEADER } from "./session.ts";
import { testContext } from "./testing/context.ts";

const keyOf = (key: string) => idempotencyKeyOf(new Headers({ "Idempotency-Key": key }));

describe("idempotencyKeyOf", () => {
  it("takes 1 to 255 visible characters, and no key at all", () => {
    expect(keyOf("x".repeat(255))).toHaveLength(255);
    expect(idempotencyKeyOf(new Headers())).toBeNull();
  });

  it.each(["", "x".repeat(256), "a b", "naïve"])("refuses %j, naming the header", (key) => {
    expect(() => keyOf(key)).toThrow(
      expect.objectContaining({ code: "validation_failed", faults: [expect.objectContaining({ path: "Idempotency-Key" })] }),
    );
  });
});

const APP = { appId: "app_1", endedSessions: [] };

describe("who a keyed request comes from", () => {
  const { ctx, tick } = testContext({});
  const session = (seed: string, appId = "app_1") => openSession(ctx, { appId, endedSessions: [] }, new Headers(), seed);

  it("is one visitor for one key and network, whose session leads back", async () => {
    const first = await session(sessionSeed("k", null, "192.0.2.1"));
    tick(1_000);
    const again = await session(sessionSeed("k", null, "192.0.2.1"));
    expect(again.id).toBe(first.id);
    const later = await openSession(ctx, APP, new Headers({ [SESSION_HEADER]: first.token }), sessionSeed("k", null, "198.51.100.9"));
    expect(later.id).toBe(first.id);
  });

  it("is another one for another key, network, app or API key", async () => {
    const seeds = [
      sessionSeed("k", null, "192.0.2.1"),
      sessionSeed("l", null, "192.0.2.1"),
      sessionSeed("k", null, "192.0.2.2"),
      sessionSeed("k", "key_1", "192.0.2.1"),
    ];
    const sessions = await Promise.all([...seeds.map((seed) => session(seed)), session(seeds[0] ?? "", "app_2")]);
    expect(new Set(sessions.map(({ id }) => id)).size).toBe(5);
  });
});

describe("runKey", () => {
  const { ctx } = testContext({});

  it("depends on who asks and what was asked, not on the order of fields", async () => {
    const session = await openSession(ctx, APP, new Headers());
    const visitor = { appId: "app_1", session, apiKeyId: null };
    const first = await runKey("k", visitor, { inputs: { a: 1, b: 2 } });
    expect(await runKey("k", visitor, { inputs: { b: 2, a: 1 } })).toEqual(first);
    expect((await runKey("k", visitor, { inputs: { a: 1 } })).bodyHash).not.toBe(first.bodyHash);
    expect((await runKey("k", { ...visitor, apiKeyId: "key_1" }, {})).scope).not.toBe(first.scope);
    expect((await runKey("k", { ...visitor, appId: "app_2" }, {})).scope).not.toBe(first.scope);
  });
});
