import { AppError } from "#platform/errors";
import type { Scope } from "../expressions/resolve.ts";
import { advance, type InterpreterEvent, initialState, type Outcome } from "../interpreter.ts";
import type { ActivationEnd } from "../journal.ts";
import { findNodeType } from "../nodes/registry.ts";
import type { PlanNode } from "../plan.ts";
import { pinnedOutput, type RunRequest } from "../run.ts";
import { runActivation } from "./activation.ts";
import type { FrameSpec, FrameView, RunWorld } from "./world.ts";

/** Runs one graph by the interpreter: starts the nodes it names, tells it how they ended. */
export class Frame implements FrameView {
  readonly spec: FrameSpec;
  /** Aborted when this graph is over, however that came. */
  readonly signal: AbortSignal;
  readonly #world: RunWorld;
  readonly #abort = new AbortController();
  readonly #ended = Promise.withResolvers<Outcome>();
  #state;
  #outcome: Outcome | undefined;
  #over = false;
  #preset: RunRequest["pinned"] & {} = {};
  #open = 0;

  constructor(world: RunWorld, spec: FrameSpec) {
    this.spec = spec;
    this.signal = this.#abort.signal;
    this.#world = world;
    this.#state = initialState(spec.plan);
  }

  /** Runs to the end. Rejects only for faults of our own. */
  async run(): Promise<Outcome> {
    const { signal } = this.spec;
    const stop = () => this.#stop(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      if (signal.aborted) stop();
      else this.#dispatch({ type: "started" });
      return await this.#ended.promise;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  #stop(reason: unknown): void {
    const { status, error } = this.#world.stopOf(reason);
    this.#dispatch({ type: "stopped", status, error });
  }

  /** Outputs of nodes that are not to run. */
  preset(outputs: RunRequest["pinned"] & {}): void {
    this.#preset = outputs;
  }

  #dispatch(event: InterpreterEvent): void {
    const { activity } = this.#world;
    // One branch may wait before the next has begun: until all have, the run is not still.
    activity.enter();
    const { state, effects } = advance(this.spec.plan, this.#state, event);
    this.#state = state;
    for (const effect of effects) {
      if (effect.type === "finish") this.#finish(effect.outcome);
      else this.#start(effect.node);
    }
    this.#endIfOver();
    activity.leave();
  }

  #endIfOver(): void {
    const outcome = this.#outcome;
    if (outcome && this.#open === 0) this.#end(() => this.#ended.resolve(outcome));
  }

  #end(settle: () => void): void {
    if (this.#over) return;
    this.#over = true;
    if (this.spec.nested) this.#world.activity.enter();
    settle();
  }

  #finish(outcome: Outcome): void {
    this.#outcome = outcome;
    // A graph that is complete has nothing left to abort.
    if (outcome.status !== "completed") this.#abort.abort(new AppError("client_closed", "The run is over."));
  }

  #start(position: number): void {
    const node = this.spec.plan.nodes[position];
    if (!node || this.#outcome) return;
    const path = `${this.spec.prefix}${node.id}`;
    // A node that ended in an earlier life of the run ends at once, and nobody is told again.
    const earlier = this.#world.journal.activation(path)?.end;
    this.#open += 1;
    this.#world.activity.enter();
    const ended = earlier ? Promise.resolve(earlier) : runActivation(this.#world, this, node, path);
    ended.then(
      (end) => {
        this.#settle(position, end);
        this.#world.activity.leave();
      },
      (error: unknown) => this.#end(() => this.#ended.reject(error)),
    );
  }

  #settle(position: number, { log, output, port }: ActivationEnd): void {
    this.#open -= 1;
    const { status, error } = log;
    if (status === "completed") {
      this.#dispatch({ type: "node_completed", node: position, output, ...(port === undefined ? {} : { port }) });
    } else if (status === "failed" && error) this.#dispatch({ type: "node_failed", node: position, error });
    else this.#endIfOver();
  }

  /** What a node's expressions see. */
  scopeOf(node: PlanNode): Scope {
    const { inputs, app, locals } = this.spec;
    const { session, run, secrets, secrecy } = this.#world;
    return {
      place: (field, position) => `nodes.${node.id}.config.${field} (position ${position})`,
      inputs,
      session: { ...session },
      app: { ...app },
      run,
      secrets,
      secretFields: findNodeType(node.type)?.secretFields ?? [],
      onSecret: (made) => secrecy.hideMade(made),
      locals,
      upstream: node.upstream,
      output: (id) => this.output(id),
    };
  }

  /** A node's output; `null` for one that was skipped. */
  output(nodeId: string): unknown {
    const position = this.spec.plan.positions.get(nodeId);
    if (position === undefined) return this.spec.outer(nodeId);
    return this.#state.outputs[position] ?? pinnedOutput(this.#preset, nodeId)?.output ?? null;
  }
}
