import { type Context, createContext } from "#platform/context";
import type { Env } from "#platform/env";

export const SESSION_KEYS = "k1:c2Vzc2lvbiBrZXkgb25lLCBsb25nIGVub3VnaA==";

/** A context whose clock the test owns, with just these bindings; what a test does not give fails when it is used. */
export function testContext(
  env: Partial<Env>,
  startAt = Date.UTC(2026, 10, 20),
): { ctx: Context; tick: (ms: number) => void; settled: () => Promise<unknown> } {
  let now = startAt;
  const works: Promise<unknown>[] = [];
  const bindings: Env = Object.create({ SESSION_KEYS }, Object.getOwnPropertyDescriptors(env));
  const ctx = createContext(bindings, { clock: { now: () => now }, waitUntil: (work) => works.push(work) });
  const tick = (ms: number) => {
    now += ms;
  };
  return { ctx, tick, settled: () => Promise.all(works) };
}
