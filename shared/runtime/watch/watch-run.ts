import type { AppRoute } from "#app";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { durableRun } from "../durable/start.ts";
import { type FoundMemberRun, nodeLogsOf } from "../members/find.ts";
import { findRun, type Reader } from "../read-run.ts";
import { eventsOfRecord, frameOf, memberEventsOfRecord, type WatchedEvent } from "./record-events.ts";
import { sessionInEvents } from "./session-in-events.ts";

/** How somebody watches a run. */
export interface Watching {
  /** The last event that the watcher has, or `null` for all of them. */
  readonly lastEventId: string | null;
  readonly webSocket: boolean;
  /** Whether a WebSocket says how far it has come, and is not sent much more than that. */
  readonly acknowledges: boolean;
}

const EVENT_STREAM = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store, no-transform",
  "X-Accel-Buffering": "no",
};

/** Who watches: a visitor, who is told the session at the end, or a member, who sees what nodes took and gave. */
type Viewer = { readonly view: "visitor"; readonly token: string } | { readonly view: "member" };

/** The object reads nothing of a watcher but this; whoever it is has been settled here. */
function watchRequest(viewer: Viewer, { lastEventId, webSocket, acknowledges }: Watching): Request {
  const headers = new Headers({ "X-Run-View": viewer.view });
  if (viewer.view === "visitor") headers.set("X-Session-Token", viewer.token);
  if (webSocket) headers.set("Upgrade", "websocket");
  if (lastEventId !== null) headers.set("Last-Event-ID", lastEventId);
  return new Request(`https://run/events${acknowledges ? "?ack=1" : ""}`, { headers });
}

function unwatchable(cause?: unknown): AppError {
  return new AppError("upstream_unavailable", "The run goes on, but it cannot be watched right now.", { cause, retryAfter: 2 });
}

async function watchObject(ctx: Context, runId: string, viewer: Viewer, watching: Watching): Promise<Response> {
  const answer = await durableRun(ctx, runId)
    .fetch(watchRequest(viewer, watching))
    .catch((cause: unknown) => {
      throw unwatchable(cause);
    });
  if (answer.webSocket) return answer;
  if (!answer.ok || answer.body === null) throw unwatchable();
  const events = viewer.view === "visitor" ? answer.body.pipeThrough(sessionInEvents(viewer.token)) : answer.body;
  return new Response(events, { headers: EVENT_STREAM });
}

/** The events of a run that this caller has just begun, or begins again under its key. */
export function streamRun(ctx: Context, runId: string, token: string, watching: Watching): Promise<Response> {
  return watchObject(ctx, runId, { view: "visitor", token }, watching);
}

/** The events as far as they can be told without the run's object, at once. */
function replay(frames: readonly WatchedEvent[], webSocket: boolean): Response {
  if (!webSocket) return new Response(frames.map(frameOf).join(""), { headers: EVENT_STREAM });
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  for (const { id, event } of frames) server.send(JSON.stringify({ id, ...event }));
  server.close(1000, "run ended");
  return new Response(null, { status: 101, webSocket: client });
}

/**
 * The events of a run, for whoever made it: from its object as they happen, or from its record once that is all there is.
 * Throws as {@link findRun} does.
 */
export async function watchRun(ctx: Context, route: AppRoute, runId: string, reader: Reader, watching: Watching): Promise<Response> {
  const { run, live } = await findRun(ctx, route, runId, reader);
  if (live) return streamRun(ctx, runId, reader.session.token, watching);
  return replay(eventsOfRecord(run, reader.session.token, startPoint(watching)), watching.webSocket);
}

/** The event after which to begin. */
function startPoint({ lastEventId }: Watching): number {
  const after = Number(lastEventId ?? 0);
  return Number.isSafeInteger(after) ? after : 0;
}

/** The events of a run as members see them, with the logs of its nodes. Throws `upstream_unavailable`. */
export async function watchAsMember(ctx: Context, found: FoundMemberRun, watching: Watching): Promise<Response> {
  if (found.source === "object") return watchObject(ctx, found.run.id, { view: "member" }, watching);
  const events = memberEventsOfRecord(found.run, await nodeLogsOf(ctx, found), startPoint(watching));
  return replay(events, watching.webSocket);
}

/** What a watcher would be answered with, without watching. */
export async function watchHead(ctx: Context, route: AppRoute, runId: string, reader: Reader): Promise<Response> {
  await findRun(ctx, route, runId, reader);
  return new Response(null, { headers: EVENT_STREAM });
}
