// Loaded when a model is first asked, which may take longer than a test waits.
import "openai";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseLiveRun } from "#platform/objects/durable-run";
import { PlatformDatabase } from "../../shared/billing/testing/platform-database.ts";
import { framesOf, inARow, newRun } from "./fixtures/run.ts";

/** Requests to the far side, which never answers; whoever gave up hung up. */
const requests: { readonly address: string; hungUp: boolean }[] = [];

/** Plenty of everything for whoever asks. */
const database = new PlatformDatabase();

function farSide(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const address = input instanceof Request ? input.url : String(input);
  const isDatabase = new Headers(init?.headers).has("Neon-Connection-String");
  if (isDatabase) return Promise.resolve(database.answer(String(init?.body)));
  const request = { address, hungUp: false };
  requests.push(request);
  const { promise, reject } = Promise.withResolvers<Response>();
  init?.signal?.addEventListener("abort", () => {
    request.hungUp = true;
    reject(init.signal?.reason);
  });
  return promise;
}

beforeEach(() => {
  requests.length = 0;
  vi.stubGlobal("fetch", farSide);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const nodes = {
  http: { id: "ask", type: "http", config: { url: "https://8.8.8.8/" } },
  llm: { id: "ask", type: "llm", config: { prompt: "Well?" } },
};

describe.each(["http", "llm"] as const)("a node that waits for its far side (%s)", { timeout: 30_000 }, (type) => {
  it("hangs up when its run is cancelled, within a second", async () => {
    const { order, run } = newRun(inARow([nodes[type]], {}));
    await run.start(order);
    await vi.waitFor(() => expect(requests).toHaveLength(1), { timeout: 20_000 });
    expect(await run.cancel()).toBe(true);
    await vi.waitFor(() => expect(requests).toMatchObject([{ hungUp: true }]), { timeout: 1_000 });
    expect(parseLiveRun(await run.settled(1_000))?.execution).toMatchObject({ status: "cancelled", error: { code: "client_closed" } });
    expect((await framesOf(run)).at(-1)).toMatchObject({ event: "run.finished", data: { status: "cancelled" } });
  });

  it("hangs up at its own timeout, and at its run's", async () => {
    const config = { timeout_ms: 1_000, max_output_bytes: 10_000, locale: "en" };
    for (const [workflow, changes, code] of [
      [inARow([{ ...nodes[type], timeout_ms: 1_000 }], {}), {}, "node_timeout"],
      [inARow([nodes[type]], {}), { config }, "run_timeout"],
    ] as const) {
      requests.length = 0;
      const { order, run } = newRun(workflow, changes);
      await run.start(order);
      expect(parseLiveRun(await run.settled(20_000))?.execution).toMatchObject({ status: "failed", error: { code } });
      expect(requests).toMatchObject([{ hungUp: true }]);
    }
  });
});
