import { z } from "zod";
import { AppError, type ErrorCode, errorCode, errorMessage } from "#platform/errors";
import type { RunError, RunUsage } from "#platform/records";
import { fullJitter } from "#platform/retry";
import { resolve } from "../expressions/resolve.ts";
import type { NodeResult, NodeType } from "../nodes/node.ts";
import { findNodeType } from "../nodes/registry.ts";
import type { PlanNode } from "../plan.ts";
import { nodeIo } from "./node-io.ts";
import { StreamedText } from "./streamed-text.ts";
import { withinTime } from "./time-limit.ts";
import type { FrameView, RunWorld } from "./world.ts";

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

/** What the attempts of one node have come to so far. */
export interface Tally {
  attempts: number;
  /** The config of the last attempt, resolved. */
  config?: unknown;
  usage?: RunUsage;
}

export type NodeFinish = Readonly<Tally> &
  ({ readonly status: "completed"; readonly result: NodeResult } | { readonly status: "failed" | "cancelled"; readonly error: RunError });

const usageSchema = z.object({ input_tokens: z.number(), output_tokens: z.number(), total_tokens: z.number() });
/** The next attempt, as it was decided on: when it may begin, and what the earlier ones used. */
const retrySchema = z.object({ attempt: z.number(), at: z.number(), usage: usageSchema.optional() });

/** Runs one node: attempts until one succeeds, the policy says no more, or the run is over. */
export async function runAttempts(world: RunWorld, frame: FrameView, node: PlanNode, path: string, begun: number): Promise<NodeFinish> {
  const tally: Tally = { attempts: begun };
  const key = `${path}#retry`;
  const planned = retrySchema.safeParse(world.journal.recall(key)).data;
  if (planned?.usage) tally.usage = planned.usage;
  // The process ended while the node waited for its next attempt.
  if (planned && planned.attempt > begun && !(await nextAttempt(world, frame, path, tally, planned))) return cancelled(frame, path, tally);
  for (;;) {
    const finish = await tryOnce(world, frame, node, path, tally);
    if (finish.status !== "failed" || !mayRetry(node, tally.attempts, finish.error.code)) return finish;
    const at = world.ctx.clock.now() + waitAfter(world, node, tally.attempts);
    const next = { attempt: tally.attempts + 1, at, ...(tally.usage && { usage: tally.usage }) };
    world.journal.remember(key, next);
    if (!(await nextAttempt(world, frame, path, tally, next))) return cancelled(frame, path, tally);
  }
}

/** One attempt, once there is a slot for it. */
async function tryOnce(world: RunWorld, frame: FrameView, node: PlanNode, path: string, tally: Tally): Promise<NodeFinish> {
  const slot = world.slots.take();
  if (slot) await slot;
  try {
    if (frame.signal.aborted) return cancelled(frame, path, tally);
    const made = attempt(world, frame, node, path, tally);
    const result = made instanceof Promise ? await made : made;
    return { ...tally, status: "completed", result };
  } catch (error) {
    if (frame.signal.aborted) return cancelled(frame, path, tally);
    return { ...tally, status: "failed", error: failureOf(world, node, path, error) };
  } finally {
    world.slots.give();
  }
}

/** Waits for the next attempt's time, and begins it. Gives `false` when the run ended meanwhile. */
async function nextAttempt(
  { activity, journal }: RunWorld,
  { signal }: FrameView,
  path: string,
  tally: Tally,
  next: { readonly attempt: number; readonly at: number },
): Promise<boolean> {
  try {
    await activity.wait(next.at, signal, () => undefined);
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
  tally.attempts = next.attempt;
  journal.attempt(path, next.attempt);
  journal.emit({ type: "node.retried", node_id: path, attempt: next.attempt });
  return true;
}

function cancelled({ spec }: FrameView, path: string, tally: Tally): NodeFinish {
  const timeUp = errorCode(spec.signal.reason) === "run_timeout";
  const error = { code: timeUp ? "run_timeout" : "client_closed", message: "The run ended before this node did.", node_id: path };
  return { ...tally, status: "cancelled", error };
}

/** What callers may know of a failure: its message if it was written for them, and otherwise only that there was one. */
function failureOf({ ctx, secrecy }: RunWorld, node: PlanNode, path: string, error: unknown): RunError {
  const code = errorCode(error);
  if (code !== undefined && code !== "internal") return { code, message: errorMessage(error), node_id: path };
  ctx.log.error("a node failed unexpectedly", secrecy.thrown(error), { node_id: path, node_type: node.type });
  return { code: "node_failed", message: "The node failed unexpectedly.", node_id: path };
}

function mayRetry({ retry }: PlanNode, attempts: number, code: string): boolean {
  if (!retry || attempts >= retry.attempts) return false;
  return retry.on ? retry.on.some((named) => named === code) : TRANSIENT.has(code);
}

/** Milliseconds. */
function waitAfter({ ctx }: RunWorld, { retry }: PlanNode, attempts: number): number {
  const base = retry?.backoff_ms ?? DEFAULT_BACKOFF;
  return fullJitter(attempts, { base, cap: Math.max(base, retry?.max_backoff_ms ?? DEFAULT_MAX_BACKOFF) }, ctx.random);
}

function attempt(world: RunWorld, frame: FrameView, node: PlanNode, path: string, tally: Tally): NodeResult | Promise<NodeResult> {
  const nodeType = findNodeType(node.type);
  if (!nodeType) throw new AppError("node_failed", `There is no node type ${node.type}.`);
  const resolved = resolve(node.template, frame.scopeOf(node));
  const go = (config: unknown) => {
    tally.config = config;
    return limited(nodeType, world, frame, node, path, tally);
  };
  return resolved instanceof Promise ? resolved.then(go) : go(resolved);
}

/** Only what could hang is given a timer; what waits by design has its own. */
function limited(nodeType: NodeType, world: RunWorld, frame: FrameView, node: PlanNode, path: string, tally: Tally) {
  const streamed = streamOf(world, path);
  const run = (signal: AbortSignal) => nodeType.run(tally.config, nodeIo({ world, frame, node, path, tally, signal }, streamed));
  if (nodeType.pure || nodeType.parks) return run(frame.signal);
  const result = withinTime(node.timeoutMs ?? nodeType.defaultTimeoutMs, frame.signal, run);
  // The text of an attempt that failed is void, and so is what is left of it.
  return streamed ? result.then(endOf(streamed)) : result;
}

function streamOf({ request, secrecy, journal }: RunWorld, path: string): StreamedText | undefined {
  if (!request.watched) return undefined;
  return new StreamedText(secrecy, (text) => journal.emit({ type: "node.delta", node_id: path, text }));
}

function endOf(streamed: StreamedText) {
  return (result: NodeResult) => {
    streamed.end();
    return result;
  };
}
