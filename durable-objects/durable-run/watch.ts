import { z } from "zod";
import type { EventLog, LoggedEvent, View } from "./event-log.ts";

/*
 * The two ways to watch a run. Both read the event log from a position of the watcher's own, so that a slow watcher costs
 * nothing but its own time, and one that comes back goes on where it was.
 */

/** Proxies drop a connection that is silent for long (ms). */
const KEEP_ALIVE_MS = 15_000;
/** Events that a WebSocket is sent beyond those it has acknowledged, where it acknowledges. */
const MAX_UNACKNOWLEDGED = 100;

export interface WatchOptions {
  readonly view: View;
  /** The event after which to begin. */
  readonly after: number;
}

/** What the object tells its watchers. */
export interface WatchHost {
  readonly events: EventLog;
  /** Whether there will be no more events. */
  readonly ended: () => boolean;
  /** Resolves once what has been written cannot be lost any more. */
  readonly sync: () => Promise<void>;
}

const encoder = new TextEncoder();

/** One event as SSE (WHATWG HTML, "Server-sent events"). JSON has no raw line ends, so the data is always one line. */
function frameOf({ id, type, data }: LoggedEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The events as a stream that is read as fast as its reader reads. It ends after the run's last event. */
function eventStream(host: WatchHost, { view, after }: WatchOptions): ReadableStream<Uint8Array> {
  let position = after;
  let stop = () => {};
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const page = host.events.after(position, view);
        const last = page.at(-1);
        if (last) {
          await host.sync();
          position = last.id;
          controller.enqueue(encoder.encode(page.map(frameOf).join("")));
          if (last.type === "run.finished") controller.close();
          return;
        }
        if (host.ended()) return controller.close();
        const { news, cancel } = nextEvent(host.events);
        stop = cancel;
        if (!(await news)) controller.enqueue(encoder.encode(": keep-alive\n\n"));
        else {
          // Pulled again at once: an empty chunk says only that this pull is over.
          controller.enqueue(new Uint8Array());
        }
      },
      cancel: () => stop(),
    },
    { highWaterMark: 0 },
  );
}

/** The events as an answer to a request. */
export function streamAnswer(host: WatchHost, options: WatchOptions): Response {
  return new Response(eventStream(host, options), {
    headers: {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store, no-transform",
      "X-Accel-Buffering": "no",
    },
  });
}

/** Resolves to `true` at the next event, to `false` when it is time for a sign of life. */
function nextEvent(events: EventLog): { news: Promise<boolean>; cancel: () => void } {
  const { promise: news, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => end(false), KEEP_ALIVE_MS);
  const unlisten = events.listen(() => end(true));
  const end = (came: boolean) => {
    clearTimeout(timer);
    unlisten();
    resolve(came);
  };
  return { news, cancel: () => end(false) };
}

/** What a hibernating WebSocket remembers of its watcher. */
const attachmentSchema = z.object({
  view: z.enum(["member", "visitor"]),
  sent: z.number(),
  /** The last event it has acknowledged; `null` for one that does not. */
  acknowledged: z.number().nullable(),
  /** What belongs into the last event, for a visitor to keep. */
  session: z.string().nullable(),
});
type Attachment = z.infer<typeof attachmentSchema>;

const messageSchema = z.union([z.strictObject({ last_event_id: z.int().min(0) }), z.strictObject({ ack: z.int().min(0) })]);

/** The two ends of a WebSocket; ours remembers its watcher. */
export function newSocket(request: Request, { view, after }: WatchOptions): { client: WebSocket; server: WebSocket } {
  const { 0: client, 1: server } = new WebSocketPair();
  const acknowledges = new URL(request.url).searchParams.get("ack") === "1";
  const session = request.headers.get("X-Session-Token");
  server.serializeAttachment({ view, sent: after, acknowledged: acknowledges ? after : null, session } satisfies Attachment);
  return { client, server };
}

/** Sends a WebSocket what it has not had yet, as far as it keeps up. Closes it after the run's last event. */
export function sendNews({ events, ended }: WatchHost, socket: WebSocket): void {
  const attachment = attachmentSchema.parse(socket.deserializeAttachment());
  const { view, acknowledged, session } = attachment;
  let { sent } = attachment;
  for (;;) {
    const room = acknowledged === null ? Number.POSITIVE_INFINITY : acknowledged + MAX_UNACKNOWLEDGED - sent;
    const page = room > 0 ? events.after(sent, view).slice(0, room) : [];
    for (const { id, type, data } of page) {
      const own = type === "run.finished" && session !== null ? { ...data, session_id: session } : data;
      socket.send(JSON.stringify({ id, ...own }));
      sent = id;
    }
    if (page.length === 0) break;
  }
  socket.serializeAttachment({ ...attachment, sent } satisfies Attachment);
  if (ended() && sent >= events.lastId) socket.close(1000, "The run has ended.");
}

/** Takes a watcher's message: where to begin, or how far it has come. Gives `false` for one that is neither. */
export function hear(socket: WebSocket, message: string | ArrayBuffer): boolean {
  const parsed = messageSchema.safeParse(typeof message === "string" ? jsonOf(message) : undefined);
  if (!parsed.success) return false;
  const attachment = attachmentSchema.parse(socket.deserializeAttachment());
  if ("ack" in parsed.data) socket.serializeAttachment({ ...attachment, acknowledged: Math.min(parsed.data.ack, attachment.sent) });
  else
    socket.serializeAttachment({
      ...attachment,
      sent: parsed.data.last_event_id,
      acknowledged: attachment.acknowledged === null ? null : parsed.data.last_event_id,
    });
  return true;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The event after which a request wants to begin; garbage is the beginning. */
export function startPoint(request: Request): number {
  const { searchParams } = new URL(request.url);
  const text = request.headers.get("Last-Event-ID") ?? searchParams.get("last_event_id") ?? "0";
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
