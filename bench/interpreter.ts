import { advance, initialState } from "../shared/execution/interpreter.ts";
import { compilePlan, type Plan } from "../shared/execution/plan.ts";

const NODES = 48;
const RUNS = 6_000;

/** A row of nodes that only compute, between a start and an end. */
function chain(): Plan {
  const ids = ["start", ...Array.from({ length: NODES }, (_, index) => `n${index}`), "end"];
  const typeOf = (id: string) => (id === "start" || id === "end" ? id : "template");
  const nodes = ids.map((id) => ({ id, type: typeOf(id), config: typeOf(id) === "template" ? { text: "x" } : {} }));
  return compilePlan({ nodes, edges: ids.slice(1).map((to, index) => ({ from: ids[index] ?? "", to })) });
}

function runs(plan: Plan, count: number): void {
  for (let run = 0; run < count; run += 1) {
    let step = advance(plan, initialState(plan), { type: "started" });
    for (let [effect] = step.effects; effect?.type === "run_node"; [effect] = step.effects) {
      step = advance(plan, step.state, { type: "node_completed", node: effect.node, output: {} });
    }
  }
}

/** Prints how many nodes the interpreter's core gets through in a second of one core. */
const plan = chain();
runs(plan, RUNS / 4);
const begun = performance.now();
runs(plan, RUNS);
console.log(Math.round((RUNS * plan.nodes.length * 1_000) / (performance.now() - begun)));
