import { expect, it } from "vitest";
import { createContext } from "#platform/context";
import type { Env } from "#platform/env";
import { publishedRoute } from "../../shared/runtime/testing/published-route.ts";
import { handleVisitor } from "./index.ts";

const REQUESTS = 10_000;
const CALLS = 50;

const route = publishedRoute({ visitorRules: [{ kind: "deny", type: "cidr", value: "203.0.113.0/24", since: 0, until: null }] });

it("10,000 requests from a network that is denied cost at most 50 calls of objects", async () => {
  let now = Date.UTC(2026, 10, 20);
  let calls = 0;
  const object = () => {
    calls += 1;
    return { granted: 0, extra: 0, remaining: Number.POSITIVE_INFINITY, resetMs: 0, epoch: 1 };
  };
  const namespace = { getByName: () => ({ take: async () => object() }) };
  // What of the platform a denied visitor can reach; anything else fails when it is used.
  const LOOK_UPS = { limit: async () => ({ success: true }) };
  const bindings = { ROUTES: { get: async () => route }, RATE_LIMITER: namespace, LOOK_UPS, SESSION_KEYS: "k1:a2V5" };
  const env: Env = Object.create(null, Object.getOwnPropertyDescriptors(bindings));
  const target = { kind: "path", workspaceSlug: "acme", appSlug: "desk", rest: "runs", base: "/acme/desk" } as const;
  const refused = { status: 403, code: "blocked" };
  for (let index = 0; index < REQUESTS; index += 1) {
    // Five hundred requests a second, for twenty seconds.
    now += 2;
    const ctx = createContext(env, { clock: { now: () => now }, waitUntil: () => undefined });
    const headers = { "CF-Connecting-IP": `203.0.113.${index % 256}`, "Content-Type": "application/json" };
    const request = new Request("https://apps.test/acme/desk/runs", { method: "POST", headers, body: '{"inputs":{}}' });
    const answer = await handleVisitor(request, ctx, target);
    if (index % 1_000 === 0) expect(await answer.json()).toMatchObject(refused);
    expect(answer.status).toBe(403);
  }
  expect(calls).toBeGreaterThan(0);
  expect(calls).toBeLessThanOrEqual(CALLS);
}, 30_000);
