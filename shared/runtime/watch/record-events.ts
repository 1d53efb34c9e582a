import type { NodeLogView, RunView } from "#execution";
import { type Answered, answerOf, hasEnded } from "../answer.ts";

/** An event as a watcher gets it. */
export interface WatchedEvent {
  readonly id: number;
  readonly event: { readonly type: string; readonly [field: string]: unknown };
}

/**
 * What can still be told of a run that has only its record: that it began, and how it ended. Of a run that was watched
 * before, whose last event was `after`, the end comes next.
 */
export function eventsOfRecord(run: Answered, token: string, after: number): WatchedEvent[] {
  const started: WatchedEvent = { id: 1, event: { type: "run.started", run_id: run.id } };
  const finished: WatchedEvent = { id: Math.max(2, after + 1), event: { type: "run.finished", ...answerOf(run, token) } };
  return [...(after < 1 ? [started] : []), ...(hasEnded(run) ? [finished] : [])];
}

/** The same for a member, who is also told what each node took and gave. */
export function memberEventsOfRecord(run: RunView, logs: readonly NodeLogView[], after: number): WatchedEvent[] {
  const { id, status, outputs, error, usage } = run;
  const finished = { type: "run.finished", run_id: id, status, outputs, ...(error !== null && { error }), usage };
  const end = hasEnded(run) ? [finished] : [];
  if (after >= 1) return end.map((event) => ({ id: Math.max(2, after + 1), event }));
  const nodes = logs.map((log) => ({ type: "node.finished", node_id: log.node_id, status: log.status, log }));
  return [{ type: "run.started", run_id: id }, ...nodes, ...end].map((event, index) => ({ id: index + 1, event }));
}

/** One event as it goes over the wire (WHATWG HTML, "Server-sent events"). JSON has no raw line ends, so the data is one line. */
export function frameOf({ id, event }: WatchedEvent): string {
  return `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
