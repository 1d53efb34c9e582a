import type { Random } from "#platform/clock";
import { AppError, type ErrorCode, errorCode, errorMessage } from "#platform/errors";
import type { Logger } from "#platform/log";
import type { RunError, RunUsage } from "#platform/records";
import { fullJitter } from "#platform/retry";
import { resolve, type Scope } from "./expressions/resolve.ts";
import type { NodeResult, NodeServices, NodeType } from "./nodes/node.ts";
import { findNodeType } from "./nodes/registry.ts";
import type { PlanNode } from "./plan.ts";

/** Codes of failures that pass by themselves: what a retry policy tries again unless it names its own. */
const TRANSIENT: ReadonlySet<string> = new Set<ErrorCode>([
  "model_unavailable",
  "upstream_unavailable",
  "database_unavailable",
  "rate_limited",
  "node_timeout",
]);

/** Milliseconds. */
const DEFAULT_BACKOFF = 500;
const DEFAULT_MAX_BACKOFF = 30_000;

export interface AttemptHost {
  readonly services: NodeServices;
  readonly runInputs: Readonly<Record<string, unknown>>;
  /** Aborted when the run is over. */
  readonly runSignal: AbortSignal;
  readonly random: Random;
  readonly log: Logger;
  readonly hide: (value: string) => void;
  readonly emit: ((text: string) => void) | undefined;
  /** Called before attempt number `attempt`, from 2 on. */
  readonly retried: (attempt: number) => void;
}

interface Tally {
  attempts: number;
  /** The config of the last attempt, resolved. */
  config?: unknown;
  usage?: RunUsage;
}

export type NodeFinish = Readonly<Tally> &
  ({ readonly status: "completed"; readonly result: NodeResult } | { readonly status: "failed" | "cancelled"; readonly error: RunError });

/** Runs one node: attempts until one succeeds, the policy says no more, or the run is over. */
export async function runNode(node: PlanNode, scope: Scope, host: AttemptHost): Promise<NodeFinish> {
  const tally: Tally = { attempts: 0 };
  for (;;) {
    tally.attempts += 1;
    try {
      const result = await attempt(node, scope, host, tally);
      return { ...tally, status: "completed", result };
    } catch (error) {
      if (host.runSignal.aborted) return { ...tally, status: "cancelled", error: cancelled(node, host.runSignal) };
      const failure = failureOf(error, node, host);
      if (!mayRetry(node, tally.attempts, failure.code)) return { ...tally, status: "failed", error: failure };
      await pause(waitAfter(node, tally.attempts, host.random), host.runSignal);
      if (host.runSignal.aborted) return { ...tally, status: "cancelled", error: cancelled(node, host.runSignal) };
      host.retried(tally.attempts + 1);
    }
  }
}

function cancelled(node: PlanNode, { reason }: AbortSignal): RunError {
  const timeUp = errorCode(reason) === "run_timeout";
  return { code: timeUp ? "run_timeout" : "client_closed", message: "The run ended before this node did.", node_id: node.id };
}

/** What callers may know of a failure: its message if it was written for them, and otherwise only that there was one. */
function failureOf(error: unknown, node: PlanNode, { log }: AttemptHost): RunError {
  const code = errorCode(error);
  if (code !== undefined && code !== "internal") return { code, message: errorMessage(error), node_id: node.id };
  log.error("a node failed unexpectedly", error, { node_id: node.id, node_type: node.type });
  return { code: "node_failed", message: "The node failed unexpectedly.", node_id: node.id };
}

function mayRetry({ retry }: PlanNode, attempts: number, code: string): boolean {
  if (!retry || attempts >= retry.attempts) return false;
  return retry.on ? retry.on.some((named) => named === code) : TRANSIENT.has(code);
}

function waitAfter({ retry }: PlanNode, attempts: number, random: Random): number {
  const base = retry?.backoff_ms ?? DEFAULT_BACKOFF;
  return fullJitter(attempts, { base, cap: Math.max(base, retry?.max_backoff_ms ?? DEFAULT_MAX_BACKOFF) }, random);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { once: true });
  });
}

async function attempt(node: PlanNode, scope: Scope, host: AttemptHost, tally: Tally): Promise<NodeResult> {
  const nodeType = findNodeType(node.type);
  if (!nodeType) throw new AppError("node_failed", `There is no node type ${node.type}.`);
  const resolved = resolve(node.template, scope);
  tally.config = resolved instanceof Promise ? await resolved : resolved;
  if (nodeType.pure) return call(nodeType, host, tally, host.runSignal);
  return withinTime(node, host.runSignal, (signal) => call(nodeType, host, tally, signal));
}

function call(nodeType: NodeType, host: AttemptHost, tally: Tally, signal: AbortSignal): NodeResult | Promise<NodeResult> {
  const { services, runInputs, hide, emit } = host;
  return nodeType.run(tally.config, { services, runInputs, hide, emit, signal, used: (usage) => count(tally, usage) });
}

function count(tally: Tally, usage: RunUsage): void {
  const { input_tokens = 0, output_tokens = 0, total_tokens = 0 } = tally.usage ?? {};
  tally.usage = {
    input_tokens: input_tokens + usage.input_tokens,
    output_tokens: output_tokens + usage.output_tokens,
    total_tokens: total_tokens + usage.total_tokens,
  };
}

/** Gives work a signal that is aborted when its time is over or the run ends, and does not wait for work that ignores it. */
async function withinTime(
  { timeoutMs }: PlanNode,
  runSignal: AbortSignal,
  work: (signal: AbortSignal) => NodeResult | Promise<NodeResult>,
): Promise<NodeResult> {
  const controller = new AbortController();
  const ended = Promise.withResolvers<never>();
  const stop = (error: AppError) => {
    ended.reject(error);
    controller.abort(error);
  };
  const onRunEnd = () => stop(new AppError("client_closed", "The run is over."));
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop(new AppError("node_timeout", `The node took longer than ${timeoutMs} ms.`)), timeoutMs);
  runSignal.addEventListener("abort", onRunEnd, { once: true });
  try {
    return await Promise.race([ended.promise, work(controller.signal)]);
  } finally {
    clearTimeout(timer);
    runSignal.removeEventListener("abort", onRunEnd);
  }
}
