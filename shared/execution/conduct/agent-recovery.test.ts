import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Completion, CompletionRequest } from "#ai";
import type { DbOperation, DbSchema } from "#database";
import { workflowSchema } from "../check.ts";
import { Crash, CrashingJournal, Store } from "../fixtures/crashing-journal.ts";
import { inARow, noServices, runRequest, silent } from "../fixtures/run-workflow.ts";
import type { NodeServices } from "../nodes/node.ts";
import { compilePlan } from "../plan.ts";
import type { OpenedApp, RunResult } from "../run.ts";
import { conduct } from "./conduct.ts";

const dbSchema: DbSchema = { tables: [{ name: "log", columns: [{ name: "at", type: "text" }] }] };
const tools = [{ app: "slow" }, { table: "log", operations: ["insert"] }];
const workflow = inARow([{ id: "helper", type: "agent", config: { instructions: "Help.", tools } }], { all: "{{ nodes.helper }}" });

/** An app that sleeps for an hour. */
const sleeper = workflowSchema.parse(inARow([{ id: "nap", type: "wait", config: { seconds: 3600 } }], { ms: "{{ nodes.nap.waited_ms }}" }));
const openApp = async (): Promise<OpenedApp> => ({
  app: { id: "app_2", name: "Slow", slug: "slow", version: 1 },
  plan: compilePlan(sleeper),
  inputs: [],
  dbSchema: { tables: [] },
});

const save = (at: string) => ({ id: `call_${at}`, name: "insert_log", arguments: JSON.stringify({ values: { at } }) });
const usage = { input_tokens: 3, output_tokens: 2, total_tokens: 5 };
/** What the model says, by how many tools have answered. */
const ANSWERS: Readonly<Record<number, Omit<Completion, "model" | "usage">>> = {
  0: { text: "One.", toolCalls: [save("a"), save("b"), { id: "call_slow", name: "slow", arguments: "{}" }] },
  3: { text: "Two.", toolCalls: [save("c")] },
  4: { text: "Three." },
};

/** A machine that can lose its process, and what happened outside of it. */
class Machine {
  readonly store = new Store();
  time = 1_000_000;
  /** Work that was done although its result was on record. */
  readonly needless: string[] = [];
  done = 0;

  #work(journal: CrashingJournal, key: string): void {
    if (journal.dead) return;
    this.done += 1;
    if (this.store.memory.has(key)) this.needless.push(key);
  }

  #services(journal: CrashingJournal): NodeServices {
    return {
      ...noServices,
      complete: async ({ messages, onText }: CompletionRequest) => {
        const results = messages.filter(({ role }) => role === "tool").length;
        const answer = ANSWERS[results];
        if (!answer) throw new Error(`asked with ${results} results`);
        this.#work(journal, `helper/step[${[0, 3, 4].indexOf(results)}]`);
        onText?.(answer.text);
        return { ...answer, model: "m", usage };
      },
      executeOperation: async (operation: DbOperation) => {
        if (operation.operation !== "insert") throw new Error("only inserts here");
        const at = JSON.stringify(operation.values);
        const place = { '{"at":"a"}': "[0][0]", '{"at":"b"}': "[0][1]", '{"at":"c"}': "[1][0]" }[at];
        this.#work(journal, `helper/tool${place}`);
        return { rows: [], count: 1 };
      },
    };
  }

  /** Lives until the run has ended; time passes as far as it asks, and its process dies at these writes. */
  async liveOn(deaths: readonly number[]): Promise<RunResult> {
    const left = [...deaths];
    const ctx = {
      clock: { now: () => this.time },
      random: { bytes: (length: number) => new Uint8Array(length), float: () => 0.5 },
      log: silent,
    };
    const request = { ...runRequest(workflow, { request: { dbSchema, openApp } }), watched: true };
    for (;;) {
      const journal = new CrashingJournal(this.store, left.shift());
      try {
        const life = await conduct(ctx, request, this.#services(journal), journal, { suspendAfterMs: 1_000 }).end;
        if (life.kind === "ended") return life.result;
        if (life.wakeAt === null) throw new Error("the run waits for ever");
        this.time = life.wakeAt;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  }

  /** What a watcher has read in the end. */
  get text(): string {
    const last = this.store.events.findLastIndex((event) => event.type === "node.retried" && event.node_id === "helper");
    return this.store.events
      .slice(last + 1)
      .map((event) => (event.type === "node.delta" ? event.text : ""))
      .join("");
  }
}

describe("an agent whose process dies", () => {
  it("ends as if nothing had happened, wherever it dies, and does nothing twice that had ended", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 6 }), async (deaths) => {
        const machine = new Machine();
        const { status, outputs, nodeLogs } = await machine.liveOn(deaths);
        expect(status).toBe("completed");
        expect(outputs?.["all"]).toMatchObject({
          text: "Three.",
          usage: { total_tokens: 15 },
          steps: [
            { text: "One.", tool_calls: [{ result: { count: 1 } }, { result: { count: 1 } }, { result: { ms: 3_600_000 } }] },
            { text: "Two.", tool_calls: [{ result: { count: 1 } }] },
          ],
        });
        expect(machine.needless).toEqual([]);
        // Six things to do; what was in flight when the process died is done once more.
        expect(machine.done).toBeLessThanOrEqual(6 + deaths.length * 2);
        expect([...machine.store.ends.values()].every((times) => times === 1)).toBe(true);
        expect(nodeLogs.find(({ node_id }) => node_id === "helper")).toMatchObject({ input_tokens: 9, output_tokens: 6 });
        expect(machine.text).toBe("One.\n\nTwo.\n\nThree.");
      }),
      { numRuns: 60 },
    );
  });
});
