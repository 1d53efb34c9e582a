import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { RunGateApi } from "#platform/objects/run-gate";

declare global {
  namespace Cloudflare {
    interface Env {
      RUN_GATE: DurableObjectNamespace<RunGateApi & Rpc.DurableObjectBranded>;
    }
  }
}

let gates = 0;
function newGate() {
  gates += 1;
  return env.RUN_GATE.getByName(`app_${gates}`);
}

const queue = { limit: 2, overflow: "queue" } as const;

describe("RunGate", () => {
  it("lets as many in as it may, and the others in their turn", async () => {
    const gate = newGate();
    const answers = [];
    for (const run of ["a", "b", "c", "d"]) answers.push(await gate.enter(run, "app", queue));
    expect(answers).toEqual(["go", "go", "wait", "wait"]);
    await gate.leave("a");
    expect(await gate.enter("c", "app", queue)).toBe("go");
    expect(await gate.enter("d", "app", queue)).toBe("wait");
    // Whoever comes later does not pass those in line.
    await gate.leave("d");
    expect(await gate.enter("e", "app", queue)).toBe("wait");
  });

  it("answers a run the same until it has left", async () => {
    const gate = newGate();
    await Promise.all(["a", "a", "a"].map((run) => gate.enter(run, "app", queue)));
    expect(await gate.counts()).toEqual({ running: 1, waiting: 0 });
    await gate.leave("a");
    await gate.leave("a");
    expect(await gate.counts()).toEqual({ running: 0, waiting: 0 });
  });

  it("turns away what is too much, where the app says so", async () => {
    const gate = newGate();
    const rules = { limit: 1, overflow: "reject" } as const;
    expect(await gate.enter("a", "app", rules)).toBe("go");
    expect(await gate.enter("b", "app", rules)).toBe("full");
    await gate.leave("a");
    expect(await gate.enter("b", "app", rules)).toBe("go");
  });

  it("keeps count of the line when one gives up waiting, and never lets in more than it may", async () => {
    const gate = newGate();
    for (const run of ["a", "b", "c", "d", "e"]) await gate.enter(run, "app", queue);
    await gate.leave("d");
    await gate.leave("d");
    expect(await gate.counts()).toEqual({ running: 2, waiting: 2 });
    await Promise.all([gate.leave("a"), gate.leave("b")]);
    expect(await gate.counts()).toEqual({ running: 2, waiting: 0 });
    await gate.leave("c");
    await gate.leave("e");
    expect(await gate.counts()).toEqual({ running: 0, waiting: 0 });
  });

  it("is looked after as long as somebody is in, and lets go of runs that are nowhere", async () => {
    const gate = newGate();
    const rules = { limit: 1, overflow: "reject" } as const;
    await gate.enter("run_0000000000f0000000000nowhere", "app", rules);
    const later = Date.now() + 400_000;
    vi.setSystemTime(later);
    try {
      expect(await runDurableObjectAlarm(gate)).toBe(true);
    } finally {
      vi.useRealTimers();
    }
    expect(await gate.enter("b", "app", rules)).toBe("go");
  });

  it("keeps the line through eviction", async () => {
    const gate = newGate();
    for (const run of ["a", "b", "c"]) await gate.enter(run, "app", queue);
    await evictDurableObject(gate);
    expect(await gate.counts()).toEqual({ running: 2, waiting: 1 });
    await gate.leave("b");
    await gate.begun("c");
    expect(await gate.counts()).toEqual({ running: 2, waiting: 0 });
  });
});
