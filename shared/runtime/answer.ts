import type { ExecutionRecord, RunError, RunUsage } from "#platform/records";

/** A run as its visitor sees it: never its nodes' inputs, outputs or prompts. */
export interface RunAnswer {
  readonly run_id: string;
  readonly status: ExecutionRecord["status"];
  readonly outputs: Record<string, unknown> | null;
  readonly error?: RunError;
  readonly usage: RunUsage;
  /** The signed token, to be sent back as a cookie or header. */
  readonly session_id: string;
}

/** What of a run's record its visitor is told. */
export type Answered = Pick<ExecutionRecord, "id" | "status" | "outputs" | "error" | "usage">;

/** Whether nothing more will become of a run. */
export function hasEnded({ status }: Pick<ExecutionRecord, "status">): boolean {
  return status !== "queued" && status !== "running" && status !== "waiting";
}

/** A run that has been accepted, before anything more is known of it. */
export function acceptedRun(runId: string): Answered {
  return { id: runId, status: "running", outputs: null, error: null, usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 } };
}

export function answerOf(execution: Answered, sessionToken: string): RunAnswer {
  const { id, status, outputs, error, usage } = execution;
  return { run_id: id, status, outputs, ...(error === null ? {} : { error }), usage, session_id: sessionToken };
}
