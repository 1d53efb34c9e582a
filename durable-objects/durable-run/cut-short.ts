import type { RunResult } from "#execution";
import type { ExecutionRecord, NodeLog, RunError } from "#platform/records";

/** Lives in a row in which no node ends; then the run is given up. */
const MAX_LIVES = 50;
/** Milliseconds from a run's beginning after which it ends, whatever it waits for. */
const MAX_AGE = 90 * 24 * 3_600_000;

/** Why a run is given up that has come this far, or `null` when it is not. */
export function givingUp({ startedAt, lives }: { readonly startedAt: number; readonly lives: number }, now: number): RunError | null {
  if (now - startedAt > MAX_AGE) return { code: "run_timeout", message: "The run lasted longer than 90 days." };
  if (lives <= MAX_LIVES) return null;
  return { code: "interrupted", message: "The run was cut off again and again, and has been given up." };
}

/** The result of a run that is ended from outside, with what its nodes have used up to then. */
export function cutShort({ started_at }: ExecutionRecord, nodeLogs: NodeLog[], error: RunError, now: number): RunResult {
  const input_tokens = nodeLogs.reduce((sum, log) => sum + log.input_tokens, 0);
  const output_tokens = nodeLogs.reduce((sum, log) => sum + log.output_tokens, 0);
  return {
    status: "failed",
    outputs: null,
    error,
    usage: { input_tokens, output_tokens, total_tokens: input_tokens + output_tokens },
    nodeLogs,
    startedAt: started_at,
    finishedAt: now,
  };
}
