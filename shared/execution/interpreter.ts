import type { RunError } from "#platform/records";
import type { Plan, PlanNode } from "./plan.ts";

/*
 * The pure core: given a plan, a state and what happened, it says the next state and what to do. It knows no time, no
 * chance and no I/O; hosts do what the effects say and report back. Nodes are named by their position in the plan.
 */

type NodeStatus = "waiting" | "running" | "completed" | "failed" | "skipped";

export interface RunState {
  readonly phase: "ready" | "running" | "finished";
  readonly statuses: readonly NodeStatus[];
  /** By node: incoming edges not yet settled. */
  readonly unsettled: readonly number[];
  /** By node: whether a live edge has come in. */
  readonly reached: readonly boolean[];
  /** By node: what it gave; `null` for one that has given nothing. */
  readonly outputs: readonly unknown[];
  /** Nodes started and not yet finished. */
  readonly running: number;
}

export type InterpreterEvent =
  | { readonly type: "started" }
  | { readonly type: "node_completed"; readonly node: number; readonly output: unknown; readonly port?: string }
  | { readonly type: "node_failed"; readonly node: number; readonly error: RunError }
  /** The run's time is over, or someone cancelled it. */
  | { readonly type: "stopped"; readonly status: "failed" | "cancelled"; readonly error: RunError };

export type Outcome =
  | { readonly status: "completed"; readonly outputs: Record<string, unknown> }
  | { readonly status: "failed" | "cancelled"; readonly error: RunError };

export type Effect =
  | { readonly type: "run_node"; readonly node: number }
  /** The run is over; nodes still running are to be aborted. */
  | { readonly type: "finish"; readonly outcome: Outcome };

export interface Step {
  readonly state: RunState;
  readonly effects: readonly Effect[];
}

/** Leaving by this port means: alive are the edges that name it, dead all others. */
export const ERROR_PORT = "error";

export function initialState(plan: Plan): RunState {
  return {
    phase: "ready",
    statuses: plan.nodes.map(() => "waiting"),
    unsettled: plan.nodes.map(({ incoming }) => incoming),
    reached: plan.nodes.map(() => false),
    outputs: plan.nodes.map(() => null),
    running: 0,
  };
}

/** What follows from an event. Events that come twice, or after the end, change nothing. */
export function advance(plan: Plan, state: RunState, event: InterpreterEvent): Step {
  if (state.phase === "finished") return { state, effects: [] };
  switch (event.type) {
    case "started":
      return state.phase === "ready" ? begin(plan, state) : { state, effects: [] };
    case "stopped":
      return finish(state, { status: event.status, error: event.error });
    case "node_completed":
      return settle(plan, state, event.node, "completed", event.output, event.port);
    case "node_failed":
      return fail(plan, state, event.node, event.error);
  }
}

function finish(state: RunState, outcome: Outcome): Step {
  return { state: { ...state, phase: "finished" }, effects: [{ type: "finish", outcome }] };
}

function begin(plan: Plan, state: RunState): Step {
  const progress = new Progress(plan, { ...state, phase: "running" });
  for (const [position, { incoming }] of plan.nodes.entries()) if (incoming === 0) progress.start(position);
  return progress.step();
}

function fail(plan: Plan, state: RunState, node: number, error: RunError): Step {
  const onError = plan.nodes[node]?.onError ?? "fail";
  if (state.statuses[node] !== "running") return { state, effects: [] };
  if (onError === "fail") {
    const failed: RunState = { ...state, statuses: state.statuses.with(node, "failed"), running: state.running - 1 };
    return finish(failed, { status: "failed", error });
  }
  const output = { error: { code: error.code, message: error.message } };
  return settle(plan, state, node, "failed", output, onError === "error_port" ? ERROR_PORT : undefined);
}

function settle(
  plan: Plan,
  state: RunState,
  node: number,
  status: "completed" | "failed",
  output: unknown,
  port: string | undefined,
): Step {
  if (state.statuses[node] !== "running") return { state, effects: [] };
  const progress = new Progress(plan, state);
  progress.finished(node, status, output, port);
  return progress.step();
}

/** An edge is alive if its node left by the port it names; one that names none, by any port but `error`. */
function isLive(edgePort: string | undefined, port: string | undefined): boolean {
  return edgePort === undefined ? port !== ERROR_PORT : edgePort === port;
}

/** The working copy of a state within one step. */
class Progress {
  readonly #plan: Plan;
  readonly #state: RunState;
  readonly #statuses: NodeStatus[];
  readonly #unsettled: number[];
  readonly #reached: boolean[];
  #outputs: readonly unknown[];
  #running: number;
  readonly #effects: Effect[] = [];

  constructor(plan: Plan, state: RunState) {
    this.#plan = plan;
    this.#state = state;
    this.#statuses = state.statuses.slice();
    this.#unsettled = state.unsettled.slice();
    this.#reached = state.reached.slice();
    this.#outputs = state.outputs;
    this.#running = state.running;
  }

  start(node: number): void {
    this.#statuses[node] = "running";
    this.#running += 1;
    this.#effects.push({ type: "run_node", node });
  }

  finished(node: number, status: "completed" | "failed", output: unknown, port: string | undefined): void {
    this.#statuses[node] = status;
    this.#running -= 1;
    this.#outputs = this.#outputs.with(node, output);
    this.#leave(node, (edgePort) => isLive(edgePort, port));
  }

  /** Settles the edges that leave a node, and those behind nodes that are skipped for it. */
  #leave(first: number, liveFrom: (edgePort: string | undefined) => boolean): void {
    const skipped: number[] = [];
    let isLiveEdge = liveFrom;
    for (let node: number | undefined = first; node !== undefined; node = skipped.pop()) {
      for (const { to, port } of this.#plan.nodes[node]?.outgoing ?? []) {
        if (this.#arrive(to, isLiveEdge(port)) === "skipped") skipped.push(to);
      }
      isLiveEdge = () => false;
    }
  }

  /** One edge into a node is settled. The last one decides: it starts if any was live, and is skipped otherwise. */
  #arrive(node: number, live: boolean): NodeStatus | undefined {
    if (live) this.#reached[node] = true;
    const left = (this.#unsettled[node] ?? 0) - 1;
    this.#unsettled[node] = left;
    if (left > 0) return undefined;
    if (this.#reached[node]) this.start(node);
    else this.#statuses[node] = "skipped";
    return this.#statuses[node];
  }

  step(): Step {
    const state: RunState = {
      phase: this.#state.phase,
      statuses: this.#statuses,
      unsettled: this.#unsettled,
      reached: this.#reached,
      outputs: this.#outputs,
      running: this.#running,
    };
    if (this.#running > 0) return { state, effects: this.#effects };
    return finish(state, { status: "completed", outputs: runOutputs(this.#plan.nodes, state) });
  }
}

/** The outputs of the end nodes that were reached, merged in topological order; empty when none was. */
function runOutputs(nodes: readonly PlanNode[], state: RunState): Record<string, unknown> {
  const ends = nodes.flatMap(({ type }, position) => (type === "end" && state.statuses[position] === "completed" ? [position] : []));
  return Object.assign({}, ...ends.map((position) => state.outputs[position]));
}
