import { z } from "zod";
import { executionRecordSchema, nodeLogSchema, questionSchema } from "#platform/records";

/** What came of an order to start. */
export type StartAnswer =
  /** It is on record and goes on; `existed` when the object had this very run already. */
  | { readonly ok: true; readonly existed: boolean; readonly runId: string }
  /** `reused`: the object holds a run that was ordered with another body. `full`: no more turns may wait; there is no run. */
  | { readonly ok: false; readonly reason: "reused" | "full" };

const liveRunSchema = z.object({
  execution: executionRecordSchema,
  /** Of the nodes that have ended; empty unless asked for. */
  nodeLogs: z.array(nodeLogSchema),
  /** Id of the newest event. */
  lastEventId: z.number().int(),
});
/** A run as its object has it. It crosses as JSON: what a run holds is any JSON at all. */
export type LiveRun = z.infer<typeof liveRunSchema>;

/** Reads what {@link DurableRunApi.read} gave; `null` stays `null`. */
export function parseLiveRun(text: string | null): LiveRun | null {
  return text === null ? null : liveRunSchema.parse(JSON.parse(text));
}

const nodeEndsSchema = z.record(
  z.string(),
  z.object({ status: nodeLogSchema.shape.status, output: z.unknown(), error: nodeLogSchema.shape.error }),
);
/** How the nodes of a run's own graph have ended, by id, with their whole outputs. */
export type NodeEnds = z.infer<typeof nodeEndsSchema>;

/** Reads what {@link DurableRunApi.ends} gave; `null` stays `null`. */
export function parseNodeEnds(text: string | null): NodeEnds | null {
  return text === null ? null : nodeEndsSchema.parse(JSON.parse(text));
}

const askedSchema = z.object({ question: questionSchema, answered: z.boolean() });
/** A question that the run has put to people, open or not. */
export type Asked = z.infer<typeof askedSchema>;

/** Reads what {@link DurableRunApi.question} gave; `null` stays `null`. */
export function parseAsked(text: string | null): Asked | null {
  return text === null ? null : askedSchema.parse(JSON.parse(text));
}

/** Who answers a run's question. */
export interface AnswerGiven {
  readonly decision: "approved" | "rejected";
  readonly fields: Readonly<Record<string, unknown>>;
  /** Shown with the answer: a member's id or an API key's. */
  readonly by: string;
}

export type AnswerOutcome = "accepted" | "not_asked" | "answered_already" | "expired" | "ended";

/**
 * One run that must survive its process. Named by the run's key (see `durableRunName`). `fetch` serves its events: SSE, or a
 * WebSocket on upgrade; the header `X-Run-View: member` gives what members see, anything else what visitors see.
 */
export interface DurableRunApi {
  /** Appends the order (JSON of a `DurableOrder`) and begins. Repeating it is harmless. */
  start(order: string): Promise<StartAnswer>;
  /** Lets a queued run begin, as far as nothing else keeps it. Gives `false` when it is not here. */
  go(runId: string): Promise<boolean>;
  /** What began the run, as digests; `null` when this object has none, or none that a key began. */
  keyed(): Promise<{ readonly runId: string; readonly keyHash: string; readonly bodyHash: string } | null>;
  /** JSON of the run as a `LiveRun`, or `null` when this object has none (any more). */
  read(options?: { readonly nodeLogs?: boolean }): Promise<string | null>;
  /** JSON of the run's `NodeEnds`, of any size; `null` as above. */
  ends(): Promise<string | null>;
  /** The same as `read` once the run has ended or waits, or as it is after `timeoutMs`. */
  settled(timeoutMs: number): Promise<string | null>;
  /** Gives `false` when it had ended already. */
  cancel(): Promise<boolean>;
  /** JSON of what a node has asked, as an `Asked`; `null` when it has asked nothing, or there is no run. */
  question(nodeId: string): Promise<string | null>;
  answer(nodeId: string, answer: AnswerGiven): Promise<AnswerOutcome>;
  fetch(request: Request): Promise<Response>;
}
