import type { AppRoute } from "#app";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { durableRun } from "../durable/start.ts";
import { findRun, type Reader } from "../read-run.ts";
import { eventsOfRecord, frameOf } from "./record-events.ts";
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

/** The object reads nothing of a watcher but this; whoever it is has been settled here. */
function watchRequest(token: string, { lastEventId, webSocket, acknowledges }: Watching): Request {
  const headers = new Headers({ "X-Run-View": "visitor", "X-Session-Token": token });
  if (webSocket) headers.set("Upgrade", "websocket");
  if (lastEventId !== null) headers.set("Last-Event-ID", lastEventId);
  return new Request(`https://run/events${acknowledges ? "?ack=1" : ""}`, { headers });
}

async function askObject(ctx: Context, runId: string, token: string, watching: Watching): Promise<Response> {
  try {
    return await durableRun(ctx, runId).fetch(watchRequest(token, watching));
  } catch (cause) {
    throw new AppError("upstream_unavailable", "The run goes on, but it cannot be watched right now.", { cause, retryAfter: 2 });
  }
}

/** The events of a run that this caller has just begun, or begins again under its key. */
export async function streamRun(ctx: Context, runId: string, token: string, watching: Watching): Promise<Response> {
  const answer = await askObject(ctx, runId, token, watching);
  if (answer.webSocket) return answer;
  if (!answer.ok || answer.body === null) {
    throw new AppError("upstream_unavailable", "The run goes on, but it cannot be watched right now.", { retryAfter: 2 });
  }
  return new Response(answer.body.pipeThrough(sessionInEvents(token)), { headers: EVENT_STREAM });
}

/** The events as far as they can be told without the run's object, at once. */
function replay(frames: ReturnType<typeof eventsOfRecord>, webSocket: boolean): Response {
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
  const after = Number(watching.lastEventId ?? 0);
  const events = eventsOfRecord(run, reader.session.token, Number.isSafeInteger(after) ? after : 0);
  return replay(events, watching.webSocket);
}

/** What a watcher would be answered with, without watching. */
export async function watchHead(ctx: Context, route: AppRoute, runId: string, reader: Reader): Promise<Response> {
  await findRun(ctx, route, runId, reader);
  return new Response(null, { headers: EVENT_STREAM });
}
