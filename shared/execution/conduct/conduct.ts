import { AppError, errorCode, errorMessage } from "#platform/errors";
import type { RunError } from "#platform/records";
import type { Outcome } from "../interpreter.ts";
import type { Journal } from "../journal.ts";
import { isolate } from "../plan.ts";
import type { RunRequest, RunResult } from "../run.ts";
import { Activity } from "./activity.ts";
import { Frame } from "./frame.ts";
import type { KeepValue } from "./logging.ts";
import { Secrecy } from "./secrecy.ts";
import { Slots } from "./slots.ts";
import { Stopwatch } from "./stopwatch.ts";
import type { HostContext, HostServices, RunWorld } from "./world.ts";

/** Nodes of one run that work at the same time. A Worker has six connections to give. */
const CONCURRENCY = 6;
/** Nodes that one run may start, each turn of a loop counted. */
const MAX_ACTIVATIONS = 5_000;

export interface ConductOptions {
  /** When every node waits, and for longer than this (ms), the run leaves memory. Without it, it never does. */
  readonly suspendAfterMs?: number;
  /** Where values go that are too large for their logs. Without it, only their beginnings are kept. */
  readonly keepValue?: KeepValue;
}

function keepNothing(): Promise<never> {
  return Promise.reject(new Error("this run has no place for large values"));
}

/** How one life of a run ended: for good, or until a time (ms since the epoch; `null`: until word comes from outside). */
export type LifeEnd =
  | { readonly kind: "ended"; readonly result: RunResult }
  | { readonly kind: "suspended"; readonly wakeAt: number | null };

/** A run in memory. */
export interface LiveRun {
  /** Rejects only for faults of our own; then the run may be taken up again from its journal. */
  readonly end: Promise<LifeEnd>;
  /** Word has come from outside: an answer stands in the journal. */
  wake(): void;
  cancel(): void;
}

/**
 * Runs a plan, from its beginning or from where its journal ends. What the run itself does wrong is its result.
 */
export function conduct(
  ctx: HostContext,
  request: RunRequest,
  services: HostServices,
  journal: Journal,
  options: ConductOptions = {},
): LiveRun {
  return new Conductor(ctx, request, services, journal, options);
}

const CANCELLED = new AppError("client_closed", "The run was cancelled.");

class Conductor implements LiveRun {
  readonly end: Promise<LifeEnd>;
  readonly #world: RunWorld;
  readonly #options: ConductOptions;
  readonly #abort = new AbortController();
  readonly #life = Promise.withResolvers<LifeEnd>();
  readonly #stopwatch: Stopwatch;
  #secrets: Readonly<Record<string, string>> | undefined;
  #activations = 0;

  constructor(ctx: HostContext, request: RunRequest, services: HostServices, journal: Journal, options: ConductOptions) {
    this.#options = options;
    this.end = this.#life.promise;
    this.#stopwatch = new Stopwatch(ctx.clock, journal, request.config.timeout_ms, () => {
      this.#stop(new AppError("run_timeout", `The run took longer than ${request.config.timeout_ms} ms.`));
    });
    const activity = new Activity({
      clock: ctx.clock,
      onBusy: () => this.#stopwatch.start(),
      onStill: (wakeAt) => this.#still(wakeAt),
    });
    const conductor = this;
    this.#world = {
      ctx,
      request,
      services,
      journal,
      activity,
      slots: new Slots(CONCURRENCY),
      secrecy: new Secrecy(),
      keepValue: options.keepValue ?? keepNothing,
      session: request.session,
      run: { id: request.runId },
      get secrets() {
        return conductor.#secrets ?? {};
      },
      loadSecrets: () => this.#loadSecrets(),
      stopOf,
      runFrame: (spec) => new Frame(this.#world, spec).run(),
      countActivation: () => this.#count(),
    };
    this.#run().then(this.#life.resolve, this.#life.reject);
  }

  wake(): void {
    this.#world.activity.wake();
  }

  cancel(): void {
    this.#stop(CANCELLED);
  }

  #stop(reason: AppError): void {
    this.#abort.abort(reason);
  }

  #count(): void {
    this.#activations += 1;
    if (this.#activations <= MAX_ACTIVATIONS) return;
    this.#stop(new AppError("node_failed", `A run can start ${MAX_ACTIVATIONS} nodes, the turns of its loops included, and no more.`));
  }

  #still(wakeAt: number | null): void {
    this.#stopwatch.stop();
    const { suspendAfterMs } = this.#options;
    if (suspendAfterMs === undefined || this.#abort.signal.aborted) return;
    if (wakeAt !== null && wakeAt - this.#world.ctx.clock.now() <= suspendAfterMs) return;
    this.#world.activity.close();
    this.#life.resolve({ kind: "suspended", wakeAt });
  }

  async #run(): Promise<LifeEnd> {
    const { request, journal, ctx } = this.#world;
    const { signal } = request;
    const cancel = () => this.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    const startedAt = numberOr(journal.recall("started"), ctx.clock.now());
    if (journal.recall("started") === undefined) {
      journal.remember("started", startedAt);
      journal.emit({ type: "run.started", run_id: request.runId });
    }
    try {
      if (signal?.aborted) cancel();
      if (request.plan.usesSecrets) await this.#loadSecrets();
      const outcome = await this.#runWorkflow();
      return { kind: "ended", result: this.#result(outcome, startedAt) };
    } finally {
      this.#stopwatch.stop();
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Once. A run that is stopped meanwhile does not wait for its secrets. */
  async #loadSecrets(): Promise<void> {
    const { request, secrecy } = this.#world;
    if (this.#secrets) return;
    const stopped = Promise.withResolvers<undefined>();
    const stop = () => stopped.resolve(undefined);
    this.#abort.signal.addEventListener("abort", stop, { once: true });
    this.#stopwatch.start();
    try {
      if (this.#abort.signal.aborted) return;
      const secrets = (await Promise.race([request.loadSecrets(), stopped.promise])) ?? {};
      secrecy.hideAll(secrets);
      this.#secrets = secrets;
    } finally {
      this.#abort.signal.removeEventListener("abort", stop);
    }
  }

  #runWorkflow(): Promise<Outcome> {
    const { request } = this.#world;
    const { plan, only, pinned, app, dbSchema, inputs } = request;
    const frame = new Frame(this.#world, {
      plan: only === undefined ? plan : isolate(plan, only),
      prefix: "",
      signal: this.#abort.signal,
      app,
      dbSchema,
      inputs,
      given: inputs,
      locals: {},
      outer: () => null,
      depth: 0,
      nested: false,
    });
    if (only === undefined) return frame.run();
    frame.preset(pinned ?? {});
    return frame.run().then((outcome) => {
      return outcome.status === "completed" ? { ...outcome, outputs: { [only]: frame.output(only) } } : outcome;
    });
  }

  #result(ended: Outcome, startedAt: number): RunResult {
    const { journal, ctx } = this.#world;
    const outcome = this.#limited(ended);
    const nodeLogs = journal.logs();
    const input_tokens = nodeLogs.reduce((sum, log) => sum + log.input_tokens, 0);
    const output_tokens = nodeLogs.reduce((sum, log) => sum + log.output_tokens, 0);
    return {
      status: outcome.status,
      outputs: outcome.status === "completed" ? outcome.outputs : null,
      error: outcome.status === "completed" ? null : outcome.error,
      usage: { input_tokens, output_tokens, total_tokens: input_tokens + output_tokens },
      nodeLogs,
      startedAt,
      finishedAt: ctx.clock.now(),
    };
  }

  #limited(outcome: Outcome): Outcome {
    if (outcome.status !== "completed") return outcome;
    const limit = this.#world.request.config.max_output_bytes;
    const bytes = new TextEncoder().encode(JSON.stringify(outcome.outputs)).byteLength;
    if (bytes <= limit) return outcome;
    return { status: "failed", error: { code: "payload_too_large", message: `The outputs are ${bytes} bytes; the app allows ${limit}.` } };
  }
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

/** A run that its caller or a member cancelled is `cancelled`; every other reason is a failure. */
function stopOf(reason: unknown): { readonly status: "failed" | "cancelled"; readonly error: RunError } {
  const code = errorCode(reason) ?? "node_failed";
  return { status: code === "client_closed" ? "cancelled" : "failed", error: { code, message: errorMessage(reason) } };
}
