import type { Completion, CompletionRequest } from "#ai";
import type { DbSchema } from "#database";
import type { Clock, Random } from "#platform/clock";
import type { Logger } from "#platform/log";
import type { RunError } from "#platform/records";
import type { Scope } from "../expressions/resolve.ts";
import type { Outcome } from "../interpreter.ts";
import type { Journal } from "../journal.ts";
import type { NodeServices } from "../nodes/node.ts";
import type { Plan, PlanNode } from "../plan.ts";
import type { RunningApp, RunRequest, RunSession } from "../run.ts";
import type { Activity } from "./activity.ts";
import type { KeepValue } from "./logging.ts";
import type { Secrecy } from "./secrecy.ts";
import type { Slots } from "./slots.ts";

/** What the host itself stands on. */
export interface HostContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** What the host gives for nodes to use. `call` names a question to a model within the run: the same name is the same question. */
export interface HostServices extends Omit<NodeServices, "complete"> {
  readonly complete: (request: CompletionRequest, call: string) => Promise<Completion>;
}

/** A graph that runs within a run: the workflow itself, one turn of a loop's body, or another app. */
export interface FrameSpec {
  readonly plan: Plan;
  /** Put before the ids of its nodes to name their activations, such as `each[2].`. */
  readonly prefix: string;
  /** Aborted when the run, or the node that this graph is within, is over. */
  readonly signal: AbortSignal;
  readonly app: RunningApp;
  readonly dbSchema: DbSchema;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** What the start node gives. */
  readonly given: Readonly<Record<string, unknown>>;
  /** `item`, `index` and `last` of a loop. */
  readonly locals: Readonly<Record<string, unknown>>;
  /** Outputs of nodes around this graph. */
  readonly outer: (nodeId: string) => unknown;
  /** Apps within apps. */
  readonly depth: number;
  /** Whether it runs within a node, which works again when this graph has ended. */
  readonly nested: boolean;
}

/** A graph that goes on, as its nodes see it. */
export interface FrameView {
  readonly spec: FrameSpec;
  /** Aborted when this graph is over, however that came. */
  readonly signal: AbortSignal;
  /** What a node's expressions see. */
  scopeOf(node: PlanNode): Scope;
  /** A node's output; `null` for one that was skipped. */
  output(nodeId: string): unknown;
}

/** What all graphs and nodes of one run share. */
export interface RunWorld {
  readonly ctx: HostContext;
  readonly request: RunRequest;
  readonly services: HostServices;
  readonly journal: Journal;
  readonly slots: Slots;
  readonly activity: Activity;
  readonly secrecy: Secrecy;
  readonly keepValue: KeepValue;
  readonly secrets: Readonly<Record<string, string>>;
  /** Reads the secrets, for an app within the run that names some. */
  readonly loadSecrets: () => Promise<void>;
  readonly session: RunSession;
  readonly run: Readonly<Record<string, unknown>>;
  /** How a run ends that was stopped for this reason. */
  readonly stopOf: (reason: unknown) => { readonly status: "failed" | "cancelled"; readonly error: RunError };
  /** Runs a graph within the run to its end. */
  readonly runFrame: (spec: FrameSpec) => Promise<Outcome>;
  /** Counts one more node that begins; ends the run when there are too many. */
  readonly countActivation: () => void;
}
