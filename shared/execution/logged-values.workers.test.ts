import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createContext } from "#platform/context";
import type { Env as PlatformEnv } from "#platform/env";
import { deleteExpiredValues, keepLoggedValue, readLoggedValue } from "./logged-values.ts";

declare global {
  namespace Cloudflare {
    interface Env extends PlatformEnv {}
  }
}

const DAY = 24 * 3_600_000;
const now = Date.now();
const at = (time: number) => createContext(env, { clock: { now: () => time }, waitUntil: () => undefined });
const ctx = at(now);

const place = (seq: number) => ({ runId: "run_0000000000e000000000001000", seq, side: "outputs" as const });
const read = async (seq: number) => new Response(await readLoggedValue(ctx, "wrk_1", place(seq))).text();

describe("large values of node logs", () => {
  it("are read as they were kept, kept again too", async () => {
    await keepLoggedValue(ctx, "wrk_1", place(1), '{"a":1}');
    await keepLoggedValue(ctx, "wrk_1", place(1), '{"a":2}');
    expect(await read(1)).toBe('{"a":2}');
  });

  it("are deleted after 30 days, however many there are", async () => {
    for (let seq = 0; seq < 7; seq += 1) await keepLoggedValue(ctx, "wrk_1", place(seq), "1");
    await deleteExpiredValues(at(now + 29 * DAY), 3);
    expect(await read(6)).toBe("1");
    await deleteExpiredValues(at(now + 31 * DAY), 3);
    expect((await env.FILES.list({ prefix: "logs/" })).objects).toEqual([]);
  });
});
