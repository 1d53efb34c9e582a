import type { ExecutionRecord, NodeLog } from "#platform/records";

/** What came of an order to start. */
export type StartAnswer =
  /** It is on record and goes on; `existed` when the object had this very run already. */
  | { readonly ok: true; readonly existed: boolean; readonly runId: string }
  /** The object holds a run that was ordered with another body. */
  | { readonly ok: false; readonly reason: "reused" };

/** A run as its object has it. */
export interface LiveRunState {
  readonly execution: ExecutionRecord;
  /** Of the nodes that have ended; empty unless asked for. */
  readonly nodeLogs: readonly NodeLog[];
  /** Id of the newest event. */
  readonly lastEventId: number;
}

/** Who answers a run's question. */
export interface AnswerGiven {
  readonly decision: "approved" | "rejected";
  readonly fields: Readonly<Record<string, unknown>>;
  /** Shown with the answer: a member's id or an API key's. */
  readonly by: string;
}

export type AnswerOutcome = "accepted" | "not_asked" | "answered_already" | "ended";

/**
 * One run that must survive its process. Named by the run's key (see `durableRunName`). `fetch` serves its events: SSE, or a
 * WebSocket on upgrade; the header `X-Run-View: member` gives what members see, anything else what visitors see.
 */
export interface DurableRunApi {
  /** Appends the order (JSON of a `DurableOrder`) and begins. Repeating it is harmless. */
  start(order: string): Promise<StartAnswer>;
  /** Lets a queued run begin. */
  go(): Promise<void>;
  /** The run, or `null` when this object has none (any more). */
  read(options?: { readonly nodeLogs?: boolean }): Promise<LiveRunState | null>;
  /** The run once it has ended or waits, or as it is after `timeoutMs`. */
  settled(timeoutMs: number): Promise<LiveRunState | null>;
  /** Gives `false` when it had ended already. */
  cancel(): Promise<boolean>;
  answer(nodeId: string, answer: AnswerGiven): Promise<AnswerOutcome>;
  fetch(request: Request): Promise<Response>;
}
