import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { workflowSchema } from "./check.ts";
import { advance, type Effect, type InterpreterEvent, initialState, type Outcome, type RunState } from "./interpreter.ts";
import { compilePlan, type Plan } from "./plan.ts";

/** What a node will do when it runs. */
type Behaviour = "complete" | "true" | "false" | "fail";

interface Graph {
  readonly plan: Plan;
  readonly behaviours: readonly Behaviour[];
}

/**
 * Random acyclic graphs: every node has an edge from an earlier one, so all can be reached; edges of branching nodes may
 * name a port, and failures may leave by the error port or be passed over.
 */
const graphs: fc.Arbitrary<Graph> = fc
  .array(
    fc.record({
      kind: fc.constantFrom("template", "condition", "end"),
      parents: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
      port: fc.constantFrom(undefined, undefined, "true", "false", "error"),
      onError: fc.constantFrom("continue", "error_port"),
      behaviour: fc.constantFrom<Behaviour>("complete", "true", "false", "fail"),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((specs) => {
    const nodes = [
      { id: "start", type: "start", config: {} },
      ...specs.map(({ kind, onError }, index) => ({
        id: `n${index}`,
        type: kind,
        config: kind === "template" ? { text: "x" } : kind === "condition" ? { expression: "true" } : {},
        on_error: onError,
      })),
    ];
    const edges = specs.flatMap(({ parents, port }, index) => {
      const earlier = nodes.slice(0, index + 1).filter(({ type }) => type !== "end");
      const from = new Set(parents.map((parent) => earlier[parent % earlier.length]?.id ?? "start"));
      return [...from].map((id) => ({ from: id, to: `n${index}`, ...(port ? { port } : {}) }));
    });
    const plan = compilePlan(workflowSchema.parse({ nodes, edges }));
    const behaviourOf = new Map(specs.map(({ behaviour }, index) => [`n${index}`, behaviour]));
    return { plan, behaviours: plan.nodes.map(({ id }) => behaviourOf.get(id) ?? "complete") };
  });

interface Trace {
  readonly state: RunState;
  readonly outcome: Outcome | undefined;
  /** Nodes in the order they were started. */
  readonly started: readonly number[];
  readonly finishes: number;
}

function eventOf(node: number, behaviour: Behaviour): InterpreterEvent {
  if (behaviour === "fail") return { type: "node_failed", node, error: { code: "node_failed", message: "no" } };
  const port = behaviour === "complete" ? {} : { port: behaviour };
  return { type: "node_completed", node, output: { [`from${node}`]: behaviour }, ...port };
}

/** Runs a graph, letting `choose` say which of the running nodes is the next to finish. */
function run({ plan, behaviours }: Graph, choose: (running: number) => number): Trace {
  let state = initialState(plan);
  let outcome: Outcome | undefined;
  let finishes = 0;
  const started: number[] = [];
  const running: number[] = [];
  const apply = (event: InterpreterEvent) => {
    const step = advance(plan, state, event);
    state = step.state;
    for (const effect of step.effects) {
      if (effect.type === "finish") {
        outcome = effect.outcome;
        finishes += 1;
      } else {
        started.push(effect.node);
        running.push(effect.node);
      }
    }
  };
  apply({ type: "started" });
  while (running.length > 0) {
    const [node = 0] = running.splice(choose(running.length) % running.length, 1);
    apply(eventOf(node, behaviours[node] ?? "complete"));
    apply(eventOf(node, behaviours[node] ?? "complete"));
  }
  return { state, outcome, started, finishes };
}

/** What should have run, worked out the slow way: in topological order, from the definition. */
function expectedToRun({ plan, behaviours }: Graph): number[] {
  const ran = new Set<number>();
  const left = (node: number) => {
    const behaviour = behaviours[node] ?? "complete";
    if (behaviour === "fail") return plan.nodes[node]?.onError === "error_port" ? "error" : undefined;
    return behaviour === "complete" ? undefined : behaviour;
  };
  plan.nodes.forEach(({ incoming }, position) => {
    const live = plan.nodes.some(
      ({ outgoing }, from) =>
        ran.has(from) &&
        outgoing.some(({ to, port }) => to === position && (port === undefined ? left(from) !== "error" : port === left(from))),
    );
    if (incoming === 0 || live) ran.add(position);
  });
  return [...ran];
}

const choices = fc.infiniteStream(fc.nat());

describe("advance", { timeout: 60_000 }, () => {
  it("runs exactly the nodes a live edge reaches, each once, and ends once", () => {
    fc.assert(
      fc.property(graphs, choices, (graph, stream) => {
        const { started, finishes, state, outcome } = run(graph, () => stream.next().value ?? 0);
        expect([...started].sort((a, b) => a - b)).toEqual(expectedToRun(graph));
        expect(finishes).toBe(1);
        expect(outcome?.status).toBe("completed");
        expect(state.statuses.some((status) => status === "waiting" || status === "running")).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it("gives the same end in every order of finishing", () => {
    fc.assert(
      fc.property(graphs, choices, choices, (graph, first, second) => {
        const one = run(graph, () => first.next().value ?? 0);
        const other = run(graph, () => second.next().value ?? 0);
        expect(other.outcome).toEqual(one.outcome);
        expect(other.state).toEqual(one.state);
      }),
      { numRuns: 1_000 },
    );
  });

  it("starts a node only when all before it are settled", () => {
    fc.assert(
      fc.property(graphs, choices, (graph, stream) => {
        const { plan, behaviours } = graph;
        let { state, effects }: { state: RunState; effects: readonly Effect[] } = advance(plan, initialState(plan), { type: "started" });
        const running: number[] = [];
        for (;;) {
          for (const effect of effects) {
            if (effect.type !== "run_node") continue;
            const before = plan.nodes.flatMap(({ outgoing }, from) => (outgoing.some(({ to }) => to === effect.node) ? [from] : []));
            expect(before.filter((from) => ["waiting", "running"].includes(state.statuses[from] ?? ""))).toEqual([]);
            running.push(effect.node);
          }
          if (running.length === 0) return;
          const [node = 0] = running.splice((stream.next().value ?? 0) % running.length, 1);
          ({ state, effects } = advance(plan, state, eventOf(node, behaviours[node] ?? "complete")));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("never changes the state it is given", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const before = initialState(graph.plan);
        const copy = structuredClone(before);
        const { state } = advance(graph.plan, before, { type: "started" });
        const copyOfNext = structuredClone(state);
        advance(graph.plan, state, eventOf(0, "complete"));
        expect(before).toEqual(copy);
        expect(state).toEqual(copyOfNext);
      }),
      { numRuns: 1_000 },
    );
  });

  it("stops at once, whatever is still going on", () => {
    fc.assert(
      fc.property(graphs, fc.constantFrom("failed" as const, "cancelled" as const), (graph, status) => {
        const { state } = advance(graph.plan, initialState(graph.plan), { type: "started" });
        const error = { code: "run_timeout", message: "late" };
        const stopped = advance(graph.plan, state, { type: "stopped", status, error });
        expect(stopped.effects).toEqual([{ type: "finish", outcome: { status, error } }]);
        expect(advance(graph.plan, stopped.state, eventOf(0, "complete")).effects).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});
