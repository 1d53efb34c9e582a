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

type Answered = Pick<ExecutionRecord, "id" | "status" | "outputs" | "error" | "usage">;

export function answerOf(execution: Answered, sessionToken: string): RunAnswer {
  const { id, status, outputs, error, usage } = execution;
  return { run_id: id, status, outputs, ...(error === null ? {} : { error }), usage, session_id: sessionToken };
}
