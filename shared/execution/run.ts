import type { DbSchema } from "#database";
import type { NodeLog, RunError, RunUsage } from "#platform/records";
import type { Plan } from "./plan.ts";

/** Everything one run needs. The inputs have been through `parseInputs`. */
export interface RunRequest {
  readonly runId: string;
  readonly workspaceId: string;
  readonly plan: Plan;
  readonly inputs: Record<string, unknown>;
  readonly dbSchema: DbSchema;
  readonly session: { readonly id: string | null };
  readonly app: { readonly id: string; readonly name: string; readonly slug: string; readonly version: number };
  readonly config: { readonly timeout_ms: number; readonly max_output_bytes: number };
  /** Called once, and only when the workflow names a secret. */
  readonly loadSecrets: () => Promise<Record<string, string>>;
  /** Aborting it cancels the run. */
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly status: "completed" | "failed" | "cancelled";
  readonly outputs: Record<string, unknown> | null;
  readonly error: RunError | null;
  readonly usage: RunUsage;
  /** The nodes that ran, in the order they started. */
  readonly nodeLogs: NodeLog[];
  readonly startedAt: number;
  readonly finishedAt: number;
}

/** What a watcher sees while a run goes on. Whoever started the run adds `run.finished`, once it is recorded. */
export type RunEvent =
  | { readonly type: "run.started"; readonly run_id: string }
  | { readonly type: "node.started"; readonly node_id: string; readonly node_type: string }
  | { readonly type: "node.delta"; readonly node_id: string; readonly text: string }
  /** The node is tried again: what it has streamed so far is void. */
  | { readonly type: "node.retried"; readonly node_id: string; readonly attempt: number }
  | { readonly type: "node.finished"; readonly node_id: string; readonly status: "completed" | "failed" | "cancelled" };
