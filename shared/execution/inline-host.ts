import type { Clock, Random } from "#platform/clock";
import type { Logger } from "#platform/log";
import type { NodeLog, RunError, RunUsage } from "#platform/records";
import { type AttemptHost, type NodeFinish, runNode } from "./attempts.ts";
import type { Scope } from "./expressions/resolve.ts";
import { advance, type InterpreterEvent, initialState, type Outcome } from "./interpreter.ts";
import { forLog, redactText, storable } from "./node-log.ts";
import type { NodeServices } from "./nodes/node.ts";
import type { PlanNode } from "./plan.ts";
import type { RunEvent, RunRequest, RunResult } from "./run.ts";

/** Nodes of one run that work at the same time. A Worker has six connections to give. */
const CONCURRENCY = 6;

/** What the host itself stands on. */
export interface HostContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const NO_USAGE: RunUsage = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };

function addUsage(left: RunUsage, right: RunUsage): RunUsage {
  return {
    input_tokens: left.input_tokens + right.input_tokens,
    output_tokens: left.output_tokens + right.output_tokens,
    total_tokens: left.total_tokens + right.total_tokens,
  };
}

type LogDraft = Omit<NodeLog, "status" | "attempts" | "inputs" | "outputs" | "error" | "input_tokens" | "output_tokens" | "duration_ms">;

/** A secret as it reads in plain text, within JSON, and within an address. */
function spellings(secret: string): string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())];
}

/**
 * Runs a plan to its end within this call. Never throws for what the run itself does wrong: that is its result.
 */
export function execute(
  ctx: HostContext,
  request: RunRequest,
  services: NodeServices,
  onEvent?: (event: RunEvent) => void,
): Promise<RunResult> {
  return new InlineRun(ctx, request, services, onEvent).run();
}

class InlineRun {
  readonly #ctx: HostContext;
  readonly #request: RunRequest;
  readonly #services: NodeServices;
  readonly #onEvent: ((event: RunEvent) => void) | undefined;
  readonly #abort = new AbortController();
  readonly #startedAt: number;
  readonly #ready: number[] = [];
  readonly #logs: NodeLog[] = [];
  /** Values that logs must not show. */
  readonly #hidden = new Set<string>();
  readonly #done = Promise.withResolvers<void>();
  #secrets: Readonly<Record<string, string>> = {};
  #state;
  #outcome: Outcome | undefined;
  #active = 0;
  #sequence = 0;
  #usage = NO_USAGE;

  constructor(ctx: HostContext, request: RunRequest, services: NodeServices, onEvent: ((event: RunEvent) => void) | undefined) {
    this.#ctx = ctx;
    this.#request = request;
    this.#services = services;
    this.#onEvent = onEvent;
    this.#state = initialState(request.plan);
    this.#startedAt = ctx.clock.now();
  }

  async run(): Promise<RunResult> {
    const { plan, loadSecrets, signal, config, runId } = this.#request;
    this.#onEvent?.({ type: "run.started", run_id: runId });
    const deadline = setTimeout(() => {
      this.#stop("failed", { code: "run_timeout", message: `The run took longer than ${config.timeout_ms} ms.` });
    }, config.timeout_ms);
    const cancel = () => this.#stop("cancelled", { code: "client_closed", message: "The run was cancelled." });
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      if (signal?.aborted) cancel();
      else {
        if (plan.usesSecrets) this.#keepSecrets((await Promise.race([loadSecrets(), this.#done.promise])) ?? {});
        this.#dispatch({ type: "started" });
      }
      await this.#done.promise;
    } finally {
      clearTimeout(deadline);
      signal?.removeEventListener("abort", cancel);
    }
    return this.#result();
  }

  #keepSecrets(secrets: Readonly<Record<string, string>>): void {
    this.#secrets = secrets;
    for (const value of Object.values(secrets).flatMap(spellings)) if (value !== "") this.#hidden.add(value);
  }

  #stop(status: "failed" | "cancelled", error: RunError): void {
    this.#dispatch({ type: "stopped", status, error });
  }

  #dispatch(event: InterpreterEvent): void {
    const { state, effects } = advance(this.#request.plan, this.#state, event);
    this.#state = state;
    for (const effect of effects) {
      if (effect.type === "run_node") this.#ready.push(effect.node);
      else {
        this.#outcome = effect.outcome;
        this.#ready.length = 0;
        // A completed run has nothing left to abort.
        if (effect.outcome.status !== "completed") this.#abort.abort(effect.outcome.error);
      }
    }
    this.#pump();
  }

  #pump(): void {
    while (this.#active < CONCURRENCY) {
      const position = this.#ready.shift();
      const node = position === undefined ? undefined : this.#request.plan.nodes[position];
      if (position === undefined || node === undefined) break;
      this.#active += 1;
      this.#runNode(position, node).catch(this.#done.reject);
    }
    if (this.#outcome && this.#active === 0) this.#done.resolve();
  }

  async #runNode(position: number, node: PlanNode): Promise<void> {
    const draft: LogDraft = { seq: this.#sequence, node_id: node.id, node_type: node.type, started_at: this.#ctx.clock.now() };
    this.#sequence += 1;
    this.#onEvent?.({ type: "node.started", node_id: node.id, node_type: node.type });
    const finish = await runNode(node, this.#scope(node), this.#attemptHost(node));
    this.#record(draft, finish);
    this.#onEvent?.({ type: "node.finished", node_id: node.id, status: finish.status });
    this.#active -= 1;
    if (finish.status === "completed") this.#dispatch({ type: "node_completed", node: position, ...finish.result });
    else if (finish.status === "failed") this.#dispatch({ type: "node_failed", node: position, error: this.#shown(finish.error) });
    else this.#pump();
  }

  #scope(node: PlanNode): Scope {
    const { plan, inputs, session, app, runId } = this.#request;
    return {
      nodeId: node.id,
      inputs,
      session,
      app,
      run: { id: runId },
      secrets: this.#secrets,
      upstream: node.upstream,
      output: (nodeId) => this.#state.outputs[plan.positions.get(nodeId) ?? -1] ?? null,
    };
  }

  #attemptHost(node: PlanNode): AttemptHost {
    const onEvent = this.#onEvent;
    return {
      services: this.#services,
      runInputs: this.#request.inputs,
      runSignal: this.#abort.signal,
      random: this.#ctx.random,
      log: this.#ctx.log,
      hide: (value) => this.#hidden.add(value),
      emit: onEvent && ((text) => onEvent({ type: "node.delta", node_id: node.id, text })),
      retried: (attempt) => onEvent?.({ type: "node.retried", node_id: node.id, attempt }),
    };
  }

  /** An error as the outside may see it. */
  #shown(error: RunError): RunError {
    return { ...error, message: storable(redactText(error.message, this.#hiddenValues())) };
  }

  /** Longest first, so that a secret within a secret leaves no rest of the other. */
  #hiddenValues(): readonly string[] {
    return [...this.#hidden].sort((left, right) => right.length - left.length);
  }

  #record(draft: LogDraft, finish: NodeFinish): void {
    const hidden = this.#hiddenValues();
    const { status, attempts, usage, config } = finish;
    this.#usage = usage ? addUsage(this.#usage, usage) : this.#usage;
    this.#logs.push({
      ...draft,
      status,
      attempts,
      inputs: forLog(config ?? null, hidden),
      outputs: status === "completed" ? forLog(finish.result.output, hidden) : null,
      error: status === "completed" ? null : this.#shown(finish.error),
      input_tokens: usage?.input_tokens ?? 0,
      output_tokens: usage?.output_tokens ?? 0,
      duration_ms: Math.max(0, this.#ctx.clock.now() - draft.started_at),
    });
  }

  #result(): RunResult {
    const outcome = this.#limited(this.#outcome);
    return {
      status: outcome.status,
      outputs: outcome.status === "completed" ? outcome.outputs : null,
      error: outcome.status === "completed" ? null : outcome.error,
      usage: this.#usage,
      nodeLogs: this.#logs.sort((left, right) => left.seq - right.seq),
      startedAt: this.#startedAt,
      finishedAt: this.#ctx.clock.now(),
    };
  }

  #limited(outcome: Outcome | undefined): Outcome {
    if (!outcome) throw new Error("the run ended without an outcome");
    if (outcome.status !== "completed") return outcome;
    const limit = this.#request.config.max_output_bytes;
    const bytes = new TextEncoder().encode(JSON.stringify(outcome.outputs)).byteLength;
    if (bytes <= limit) return outcome;
    return { status: "failed", error: { code: "payload_too_large", message: `The outputs are ${bytes} bytes; the app allows ${limit}.` } };
  }
}
