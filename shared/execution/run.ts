import type { DbSchema } from "#database";
import type { NodeLog, RunError, RunUsage } from "#platform/records";
import type { InputDeclaration } from "./inputs/declarations.ts";
import type { RunFiles } from "./nodes/file-reference.ts";
import type { Plan } from "./plan.ts";

/** What a run knows of its app. */
export interface RunningApp {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly version: number;
}

/** Another app of the workspace, opened to run within a run. */
export interface OpenedApp {
  readonly app: RunningApp;
  readonly description?: string;
  readonly plan: Plan;
  readonly inputs: readonly InputDeclaration[];
  readonly dbSchema: DbSchema;
}

/** What a node gave in an earlier run. */
export interface PinnedOutput {
  readonly output: unknown;
  readonly port: string | null;
}

/** A node's own pin: `toString` is a node's name like any other. */
export function pinnedOutput(pinned: Readonly<Record<string, PinnedOutput>>, nodeId: string): PinnedOutput | undefined {
  return Object.hasOwn(pinned, nodeId) ? pinned[nodeId] : undefined;
}

/** Whose run it is, and what was said before it where it is a turn of a conversation. Expressions see it as `session`. */
export interface RunSession {
  readonly id: string | null;
  /** Oldest first; the messages of an llm node may be these. */
  readonly history: readonly RunMessage[];
  /** What stands for what was said before that, or `null`. */
  readonly summary: string | null;
}

export interface RunMessage {
  readonly role: "user" | "assistant";
  readonly content: string;
  /** RFC 3339. */
  readonly at: string;
}

/** Everything one run needs. The inputs have been through `parseInputs`. */
export interface RunRequest {
  readonly runId: string;
  readonly workspaceId: string;
  readonly plan: Plan;
  readonly inputs: Record<string, unknown>;
  readonly dbSchema: DbSchema;
  readonly session: RunSession;
  readonly app: RunningApp;
  readonly config: { readonly timeout_ms: number; readonly max_output_bytes: number };
  /** Called once, and only when the workflow names a secret. */
  readonly loadSecrets: () => Promise<Record<string, string>>;
  /** Opens another app of the workspace by its slug: the version asked for, or the one that is published. */
  readonly openApp?: (slug: string, version?: number) => Promise<OpenedApp | null>;
  /** Without it, nodes that use files fail. */
  readonly files?: RunFiles | undefined;
  /** Whether somebody may watch the run: then models are asked for a stream. */
  readonly watched?: boolean;
  /** Nodes that are not to run, and what they are taken to have given. */
  readonly pinned?: Readonly<Record<string, PinnedOutput>>;
  /** The one node to run; the others give what is pinned. The run's output is that node's, by its id. */
  readonly only?: string;
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
  /** The node waits: for a time, or for somebody's answer. */
  | { readonly type: "node.waiting"; readonly node_id: string; readonly until: string }
  /** The node is tried again: what it has streamed so far is void. */
  | { readonly type: "node.retried"; readonly node_id: string; readonly attempt: number }
  | { readonly type: "node.finished"; readonly node_id: string; readonly status: "completed" | "failed" | "cancelled" };
