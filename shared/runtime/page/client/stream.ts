import { EventSourceParserStream } from "eventsource-parser/stream";
import { pause, type Refusal, refusalOf, request } from "./requests.ts";

/** A run's end, as the contract answers it. */
export interface Finished {
  readonly run_id: string;
  readonly status: string;
  readonly outputs: Record<string, unknown> | null;
  readonly error?: { readonly code: string };
}

/** What the page reads of a run's events; others pass by. */
export type WatchedEvent =
  | { readonly type: "run.started"; readonly run_id: string }
  | { readonly type: "node.started"; readonly node_id: string }
  | { readonly type: "node.delta"; readonly node_id: string; readonly text: string }
  | { readonly type: "node.waiting"; readonly node_id: string; readonly until: string | null; readonly asks?: string }
  | { readonly type: "node.retried"; readonly node_id: string }
  | { readonly type: "node.finished"; readonly node_id: string; readonly status: string }
  | ({ readonly type: "run.finished" } & Finished)
  /** The stream was lost; it is taken up again. */
  | { readonly type: "reconnecting" };

type Stream = ReadableStream<Uint8Array<ArrayBuffer>>;

export type Start = { readonly ok: true; readonly stream: Stream } | { readonly ok: false; readonly refusal: Refusal };

const START_ATTEMPTS = 4;
/** In a row, without a single event: some minutes. */
const WATCH_ATTEMPTS = 25;

/** Names one wish to run, so that asking again after a lost answer does not run twice. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Starts a run with the form's fields, read by the server as it reads a form sent without this script. */
export async function startRun(address: string, fields: URLSearchParams): Promise<Start> {
  const headers = { Accept: "text/event-stream", "Idempotency-Key": newKey() };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await request(address, { method: "POST", headers, body: fields });
      if (response.ok && response.body !== null) return { ok: true, stream: response.body };
      return { ok: false, refusal: await refusalOf(response) };
    } catch (error) {
      if (attempt === START_ATTEMPTS) throw error;
      await pause(attempt);
    }
  }
}

/** The run's stream after an event; `null` when it could not be opened now, `gone` when it never will be. */
async function reopen(address: string, runId: string, lastEventId: string): Promise<Stream | "gone" | null> {
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (lastEventId !== "") headers["Last-Event-ID"] = lastEventId;
  try {
    const response = await request(`${address}/${runId}/events`, { headers });
    if (response.ok) return response.body;
    return response.status < 500 && response.status !== 429 ? "gone" : null;
  } catch {
    // No network yet.
    return null;
  }
}

/** How far a run has been followed. */
interface Progress {
  runId: string;
  lastEventId: string;
  ended: boolean;
}

/** The stream's events until it ends or is lost; notes how far they came. */
async function* eventsOf(stream: Stream, progress: Progress): AsyncGenerator<WatchedEvent> {
  const reader = stream.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const event: WatchedEvent = JSON.parse(next.value.data);
      progress.lastEventId = next.value.id ?? progress.lastEventId;
      if (event.type === "run.started") progress.runId = event.run_id;
      if (event.type === "run.finished") progress.ended = true;
      yield event;
    }
  } catch (error) {
    console.warn("the stream was lost", error);
  }
}

/** Where following a run begins: with the stream that starting it gave, or with nothing but its id. */
export type Begin = { readonly stream: Stream } | { readonly runId: string };

/**
 * A run's events up to `run.finished`, whatever connections break on the way; without one when the run cannot be reached any
 * more.
 */
export async function* follow(address: string, begin: Begin): AsyncGenerator<WatchedEvent> {
  const progress: Progress = { runId: "runId" in begin ? begin.runId : "", lastEventId: "", ended: false };
  let stream = "stream" in begin ? begin.stream : await reopen(address, progress.runId, "");
  for (let failures = 0; failures < WATCH_ATTEMPTS && stream !== "gone"; failures += 1) {
    if (failures > 0) {
      yield { type: "reconnecting" };
      await pause(failures);
      stream = await reopen(address, progress.runId, progress.lastEventId);
    }
    if (stream === null || stream === "gone") continue;
    for await (const event of eventsOf(stream, progress)) {
      failures = 0;
      yield event;
    }
    if (progress.ended || progress.runId === "") return;
  }
}
