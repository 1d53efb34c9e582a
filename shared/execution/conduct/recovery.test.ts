import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DbOperation } from "#database";
import { AppError } from "#platform/errors";
import { Crash, CrashingJournal, Store } from "../fixtures/crashing-journal.ts";
import { inARow, noServices, runRequest, silent } from "../fixtures/run-workflow.ts";
import type { NodeServices } from "../nodes/node.ts";
import type { RunRequest, RunResult } from "../run.ts";
import { conduct, type LifeEnd } from "./conduct.ts";

/** A machine whose time passes only when a test says so. */
class Machine {
  time = 1_000_000;
  readonly store = new Store();
  /** How often each row was written: what a far side would see. */
  readonly written = new Map<unknown, number>();

  readonly ctx = {
    clock: { now: () => this.time },
    random: { bytes: (length: number) => new Uint8Array(length), float: () => 0.5 },
    log: silent,
  };

  services(journal: CrashingJournal): NodeServices {
    return {
      ...noServices,
      executeOperation: async (operation: DbOperation) => {
        if (journal.dead) return new Promise(() => {});
        if (operation.operation !== "insert") throw new Error("only inserts here");
        const key = JSON.stringify(operation.values);
        this.written.set(key, (this.written.get(key) ?? 0) + 1);
        return { rows: [{ id: key }], count: 1 };
      },
    };
  }

  /** One life of a run, until it ends, waits, or dies at write number `dieAt`. */
  async live(request: RunRequest, dieAt?: number): Promise<LifeEnd | "died"> {
    const journal = new CrashingJournal(this.store, dieAt);
    try {
      return await conduct(this.ctx, request, this.services(journal), journal, { suspendAfterMs: 1_000 }).end;
    } catch (error) {
      if (error instanceof Crash) return "died";
      throw error;
    }
  }

  /** Lives until the run has ended; time passes as far as a sleeping run asks. */
  async liveOn(request: RunRequest, deaths: readonly number[] = []): Promise<RunResult> {
    const left = [...deaths];
    for (;;) {
      const life = await this.live(request, left.shift());
      if (life === "died") continue;
      if (life.kind === "ended") return life.result;
      if (life.wakeAt === null) throw new Error("the run waits for ever");
      this.time = life.wakeAt;
    }
  }
}

const save = (id: string, values: Record<string, unknown>) => ({
  id,
  type: "db",
  config: { operation: "insert", table: "log", values },
});

/** A row for each of three items, within them another loop, a wait, and a row at the end. */
const nested = inARow(
  [
    save("before", { at: "before" }),
    {
      id: "each",
      type: "loop",
      config: {
        items: [1, 2, 3],
        concurrency: 2,
        body: inARow(
          [
            save("row", { at: "row", item: "{{ item }}" }),
            {
              id: "again",
              type: "loop",
              config: {
                while: "index < 2",
                max: 5,
                body: inARow([save("deep", { at: "deep", i: "{{ index }}", row: "{{ nodes.row.rows[0].id }}" })], { i: "{{ index }}" }),
              },
            },
          ],
          { item: "{{ item }}", turns: "{{ nodes.again.results }}" },
        ),
      },
    },
    { id: "sleep", type: "wait", config: { seconds: 3600 } },
    save("after", { at: "after" }),
  ],
  { results: "{{ nodes.each.results }}", waited: "{{ nodes.sleep.waited_ms }}" },
);
const turns = [{ i: 0 }, { i: 1 }];
const expected = { results: [1, 2, 3].map((item) => ({ item, turns })), waited: 3_600_000 };

describe("a run whose process dies", () => {
  it("ends as if nothing had happened, wherever it dies, and no node that has ended runs again", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 6 }), async (deaths) => {
        const machine = new Machine();
        const result = await machine.liveOn(runRequest(nested), deaths);
        expect(result).toMatchObject({ status: "completed", outputs: expected });
        expect([...machine.store.ends.values()].every((times) => times === 1)).toBe(true);
        expect(result.nodeLogs.map(({ seq }) => seq)).toEqual(result.nodeLogs.map((_, index) => index));
        // At most what was in flight when it died is done once more.
        const repeats = [...machine.written.values()].reduce((sum, times) => sum + times - 1, 0);
        expect(repeats).toBeLessThanOrEqual(deaths.length * 2);
        expect(machine.store.events.filter(({ type }) => type === "run.started")).toHaveLength(1);
      }),
      { numRuns: 300 },
    );
  });

  it("waits as long as it said at first", async () => {
    const machine = new Machine();
    const workflow = inARow([{ id: "nap", type: "wait", config: { seconds: 60 } }], { ms: "{{ nodes.nap.waited_ms }}" });
    expect(await machine.live(runRequest(workflow))).toEqual({ kind: "suspended", wakeAt: 1_060_000 });
    machine.time += 20_000;
    expect(await machine.live(runRequest(workflow))).toEqual({ kind: "suspended", wakeAt: 1_060_000 });
    machine.time += 40_000;
    expect(await machine.live(runRequest(workflow))).toMatchObject({ kind: "ended", result: { outputs: { ms: 60_000 } } });
  });

  it("keeps count of its attempts, and of the pause before the next", async () => {
    const machine = new Machine();
    let calls = 0;
    const workflow = inARow([{ id: "ask", type: "llm", config: { prompt: "x" }, retry: { attempts: 3, backoff_ms: 60_000 } }], {});
    const life = async () => {
      const journal = new CrashingJournal(machine.store);
      const complete = async () => {
        calls += 1;
        throw new AppError("model_unavailable", "busy");
      };
      return conduct(machine.ctx, runRequest(workflow), { ...noServices, complete }, journal, { suspendAfterMs: 1_000 }).end;
    };
    for (;;) {
      const end = await life();
      if (end.kind === "ended") {
        expect(end.result.nodeLogs[1]).toMatchObject({ attempts: 3, status: "failed", error: { code: "model_unavailable" } });
        break;
      }
      machine.time = end.wakeAt ?? 0;
    }
    expect(calls).toBe(3);
  });

  it("stays in memory while one branch works, though the other waits", async () => {
    const machine = new Machine();
    const workflow = {
      nodes: [
        { id: "start", type: "start" },
        { id: "nap", type: "wait", config: { seconds: 3600 } },
        { id: "slow", type: "llm", config: { prompt: "x" } },
        save("after", { at: "after" }),
        { id: "end", type: "end" },
      ],
      edges: [
        { from: "start", to: "nap" },
        { from: "start", to: "slow" },
        { from: "slow", to: "after" },
        { from: "after", to: "end" },
        { from: "nap", to: "end" },
      ],
    };
    const journal = new CrashingJournal(machine.store);
    const complete = async () => {
      await new Promise(setImmediate);
      return { text: "x", model: "m", usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } };
    };
    const { end } = conduct(machine.ctx, runRequest(workflow), { ...machine.services(journal), complete }, journal, {
      suspendAfterMs: 1_000,
    });
    expect(await end).toEqual({ kind: "suspended", wakeAt: 4_600_000 });
    expect([...machine.written.values()]).toEqual([1]);
    machine.time = 4_600_000;
    expect(await machine.live(runRequest(workflow))).toMatchObject({ kind: "ended", result: { status: "completed" } });
    expect([...machine.written.values()]).toEqual([1]);
    expect(machine.store.events.filter(({ type }) => type === "node.waiting")).toHaveLength(1);
  });

  it("stays in memory while one turn of a loop works, though the other waits", async () => {
    const machine = new Machine();
    const body = {
      nodes: [
        { id: "start", type: "start" },
        { id: "first", type: "condition", config: { expression: "{{ index = 0 }}" } },
        { id: "nap", type: "wait", config: { seconds: 3600 } },
        { id: "slow", type: "llm", config: { prompt: "x" } },
        { id: "end", type: "end" },
      ],
      edges: [
        { from: "start", to: "first" },
        { from: "first", port: "true", to: "nap" },
        { from: "first", port: "false", to: "slow" },
        { from: "nap", to: "end" },
        { from: "slow", to: "end" },
      ],
    };
    const workflow = inARow([{ id: "each", type: "loop", config: { items: [1, 2], concurrency: 2, body } }], {});
    const journal = new CrashingJournal(machine.store);
    const complete = async () => {
      await new Promise(setImmediate);
      return { text: "x", model: "m", usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } };
    };
    const { end } = conduct(machine.ctx, runRequest(workflow), { ...noServices, complete }, journal, { suspendAfterMs: 1_000 });
    expect(await end).toEqual({ kind: "suspended", wakeAt: 4_600_000 });
    expect(machine.store.ends.get("each[1].slow")).toBe(1);
    machine.time = 4_600_000;
    expect(await machine.live(runRequest(workflow))).toMatchObject({ kind: "ended", result: { status: "completed" } });
  });

  it("is not cut off for the time in which it only waited", async () => {
    const machine = new Machine();
    const config = { timeout_ms: 1_000, max_output_bytes: 10_000 };
    const workflow = inARow([{ id: "nap", type: "wait", config: { seconds: 86_400 } }], {});
    expect(await machine.liveOn({ ...runRequest(workflow), config })).toMatchObject({ status: "completed" });
  });
});

describe("a run that asks", () => {
  const ask = { id: "ok", type: "approval", config: { to: ["admin"], title: "Send {{ inputs.what }}?", expires_in_seconds: 600 } };
  const workflow = {
    nodes: [
      { id: "start", type: "start", config: { inputs: [{ name: "what", type: "string" }] } },
      ask,
      ...["approved", "rejected", "expired"].map((way) => ({
        id: way,
        type: "end",
        config: { outputs: { way, by: "{{ nodes.ok.by }}" } },
      })),
    ],
    edges: [{ from: "start", to: "ok" }, ...["approved", "rejected", "expired"].map((way) => ({ from: "ok", port: way, to: way }))],
  };
  const request = () => runRequest(workflow, { inputs: { what: "it" } });

  it("waits for the answer and goes its way", async () => {
    const machine = new Machine();
    expect(await machine.live(request())).toEqual({ kind: "suspended", wakeAt: 1_600_000 });
    expect(machine.store.questions.get("ok")).toMatchObject({ title: "Send it?", to: ["admin"], expires_at: 1_600_000 });
    machine.store.answers.set("ok", { decision: "rejected", fields: {}, by: "mem_1" });
    expect(await machine.live(request())).toMatchObject({ result: { outputs: { way: "rejected", by: "mem_1" } } });
  });

  it("hears an answer while it is in memory", async () => {
    const machine = new Machine();
    const journal = new CrashingJournal(machine.store);
    const run = conduct(machine.ctx, request(), machine.services(journal), journal);
    machine.store.answers.set("ok", { decision: "approved", fields: {}, by: "mem_1" });
    run.wake();
    expect(await run.end).toMatchObject({ result: { outputs: { way: "approved" } } });
  });

  it("goes on when nobody answers in time", async () => {
    const machine = new Machine();
    expect(await machine.liveOn(request())).toMatchObject({ outputs: { way: "expired", by: null } });
  });

  it("can be cancelled while it waits", async () => {
    const machine = new Machine();
    const journal = new CrashingJournal(machine.store);
    const run = conduct(machine.ctx, request(), machine.services(journal), journal);
    run.cancel();
    expect(await run.end).toMatchObject({ result: { status: "cancelled", error: { code: "client_closed" } } });
  });
});
