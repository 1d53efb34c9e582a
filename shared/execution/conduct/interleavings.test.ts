import fc from "fast-check";
import { expect, it } from "vitest";
import type { DbOperation } from "#database";
import { AppError } from "#platform/errors";
import type { NodeLog } from "#platform/records";
import { comparable } from "../fixtures/every-node-run.ts";
import { inARow, noServices, runRequest, silent } from "../fixtures/run-workflow.ts";
import { MemoryJournal } from "../memory-journal.ts";
import type { RunEvent, RunResult } from "../run.ts";
import { conduct } from "./conduct.ts";

/** What a node does: `work` calls a service, `loop` does so in each of its turns. */
type Kind = "work" | "condition" | "loop" | "end";
type OnError = "continue" | "error_port";

interface NodeSpec {
  readonly kind: Kind;
  readonly parents: readonly number[];
  readonly port: string | undefined;
  readonly onError: OnError;
  readonly holds: boolean;
  readonly attempts: number;
  /** Calls that fail before one succeeds. */
  readonly failures: number;
  readonly items: number;
  readonly concurrency: number;
}

interface EdgeJson {
  readonly from: string;
  readonly to: string;
  readonly port?: string;
}

const specs: fc.Arbitrary<NodeSpec[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<Kind>("work", "work", "condition", "loop", "end"),
    parents: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
    port: fc.constantFrom(undefined, undefined, "true", "false", "error"),
    onError: fc.constantFrom<OnError>("continue", "error_port"),
    holds: fc.boolean(),
    attempts: fc.integer({ min: 1, max: 3 }),
    failures: fc.integer({ min: 0, max: 3 }),
    items: fc.integer({ min: 0, max: 3 }),
    concurrency: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 10 },
);

const save = (values: Record<string, unknown>) => ({ operation: "insert", table: "log", values });
const retry = (attempts: number) => ({ retry: { attempts, backoff_ms: 0 } });

function nodeOf(spec: NodeSpec, id: string, parents: readonly string[]) {
  const { kind, onError, attempts, failures, items, concurrency } = spec;
  const settings = { id, on_error: onError };
  switch (kind) {
    case "condition":
      return { ...settings, type: "condition", config: { expression: spec.holds } };
    case "work":
      return { ...settings, ...retry(attempts), type: "db", config: save({ failures, by: id }) };
    case "loop": {
      // A turn that fails for good ends the others wherever they are: these never do.
      const inner = { id: "inner", type: "db", config: save({ failures: attempts - 1, by: id, turn: "{{ index }}" }), ...retry(attempts) };
      const list = Array.from({ length: items }, (_, index) => index);
      const body = inARow([inner], { id: "{{ nodes.inner.rows[0].id }}" });
      return { ...settings, type: "loop", config: { items: list, concurrency, body } };
    }
    case "end":
      return {
        ...settings,
        type: "end",
        config: { outputs: Object.fromEntries(parents.map((parent) => [parent, `{{ nodes.${parent} }}`])) },
      };
  }
}

/** Random acyclic graphs whose nodes work, fail, are tried again, branch and repeat. */
const graphs = specs.map((all) => {
  const nodes: { id: string; type: string; config: object; on_error?: OnError }[] = [{ id: "start", type: "start", config: {} }];
  const edges: EdgeJson[] = [];
  for (const [index, spec] of all.entries()) {
    const earlier = nodes.filter(({ type }) => type !== "end");
    const parents = [...new Set(spec.parents.map((parent) => earlier[parent % earlier.length]?.id ?? "start"))];
    const id = `n${index}`;
    nodes.push(nodeOf(spec, id, parents));
    edges.push(...parents.map((from) => ({ from, to: id, ...(spec.port && { port: spec.port }) })));
  }
  return { nodes, edges };
});
type Graph = typeof graphs extends fc.Arbitrary<infer Value> ? Value : never;

interface Trace {
  readonly result: RunResult;
  readonly events: readonly RunEvent[];
}

/** Runs a graph to its end; `choose` says which of the calls under way is the next to be answered. */
async function run(graph: Graph, choose: () => number): Promise<Trace> {
  const underWay: (() => void)[] = [];
  const calls = new Map<string, number>();
  const executeOperation = (operation: DbOperation) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ rows: Record<string, unknown>[]; count: number }>();
    const values = "values" in operation && !Array.isArray(operation.values) ? operation.values : {};
    const id = JSON.stringify(values);
    underWay.push(() => {
      const call = (calls.get(id) ?? 0) + 1;
      calls.set(id, call);
      if (call <= Number(values["failures"])) reject(new AppError("database_unavailable", "away"));
      else resolve({ rows: [{ id }], count: 1 });
    });
    return promise;
  };
  const events: RunEvent[] = [];
  const ctx = { clock: { now: () => 0 }, random: { bytes: (length: number) => new Uint8Array(length), float: () => 0 }, log: silent };
  const services = { ...noServices, executeOperation };
  let over = false;
  const life = conduct(ctx, runRequest(graph), services, new MemoryJournal((event) => events.push(event))).end.finally(() => {
    over = true;
  });
  while (!over) {
    await new Promise(setImmediate);
    if (underWay.length > 0) underWay.splice(choose() % underWay.length, 1)[0]?.();
  }
  const end = await life;
  if (end.kind !== "ended") throw new Error("the run was suspended");
  return { result: end.result, events };
}

/** The port that a node has left by; `undefined` for all but `error`. */
function leftBy(log: NodeLog, onError: OnError | undefined): string | undefined {
  return log.status === "failed" && onError === "error_port" ? "error" : log.port;
}

/** Whether each node has run that a live edge leads to, and no other. */
function ranRightly({ nodes, edges }: Graph, logs: ReadonlyMap<string, NodeLog>): boolean {
  return nodes.every(({ id }) => {
    const incoming = edges.filter(({ to }) => to === id);
    const live = incoming.filter(({ from, port }) => {
      const log = logs.get(from);
      if (!log) return false;
      const left = leftBy(log, nodes.find((node) => node.id === from)?.on_error);
      return port === undefined ? left !== "error" : left === port;
    });
    return logs.has(id) === (incoming.length === 0 || live.length > 0);
  });
}

const choices = fc.infiniteStream(fc.nat());

it("a run of any graph starts each node once that a live edge leads to and no other, and gives the same in any interleaving", async () => {
  await fc.assert(
    fc.asyncProperty(graphs, choices, choices, async (graph, first, second) => {
      const one = await run(graph, () => first.next().value ?? 0);
      const other = await run(graph, () => second.next().value ?? 0);
      expect(one.result.status).toBe("completed");
      expect(other.result.outputs).toEqual(one.result.outputs);
      expect(comparable(other.result.nodeLogs)).toEqual(comparable(one.result.nodeLogs));
      for (const type of ["node.started", "node.finished"] as const) {
        const ids = one.events.flatMap((event) => (event.type === type ? [event.node_id] : []));
        expect(ids.toSorted()).toEqual(one.result.nodeLogs.map(({ node_id }) => node_id).sort());
        expect(new Set(ids).size).toBe(ids.length);
      }
      expect(ranRightly(graph, new Map(one.result.nodeLogs.map((log) => [log.node_id, log])))).toBe(true);
    }),
    { numRuns: 1_000 },
  );
}, 120_000);
