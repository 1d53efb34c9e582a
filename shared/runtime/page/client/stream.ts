import { EventSourceParserStream } from "eventsource-parser/stream";

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
  | { readonly type: "node.retried"; readonly node_id: string }
  | { readonly type: "node.finished"; readonly node_id: string; readonly status: string }
  | ({ readonly type: "run.finished" } & Finished)
  | { readonly type: "error"; readonly code: string };

export interface Fault {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** A run that was not begun, as the server explained it. */
export interface Refusal {
  readonly code: string;
  readonly errors: readonly Fault[];
  /** Whole seconds until it is worth trying again. */
  readonly retryAfter: number | null;
}

export type Start = { readonly ok: true; readonly events: AsyncIterable<WatchedEvent> } | { readonly ok: false; readonly refusal: Refusal };

const SESSION_HEADER = "X-App-Session-Id";

/** Sent back by hand where the cookie does not travel, as in a frame on another site. */
let session: string | null = null;

function headers(accept: string): Record<string, string> {
  return session === null ? { Accept: accept } : { Accept: accept, [SESSION_HEADER]: session };
}

async function* eventsOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncIterable<WatchedEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield JSON.parse(next.value.data);
}

async function refusalOf(response: Response): Promise<Refusal> {
  const after = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfter = Number.isFinite(after) ? after : null;
  if (!response.headers.get("Content-Type")?.includes("json")) return { code: "internal", errors: [], retryAfter };
  const { code, errors = [] } = await response.json();
  return { code, errors, retryAfter };
}

/** Starts a run with the form's fields, read by the server as it reads a form sent without this script. */
export async function startRun(address: string, fields: URLSearchParams): Promise<Start> {
  const response = await fetch(address, { method: "POST", headers: headers("text/event-stream"), body: fields });
  session = response.headers.get(SESSION_HEADER) ?? session;
  if (response.ok && response.body !== null) return { ok: true, events: eventsOf(response.body) };
  return { ok: false, refusal: await refusalOf(response) };
}

const LOOK_AGAIN_MS = [500, 1_500, 3_000, 5_000, 8_000, 12_000];

/** The end of a run whose stream was lost; the run goes on without its watcher. `null` when it cannot be learnt. */
export async function findEnd(address: string, runId: string): Promise<Finished | null> {
  for (const wait of LOOK_AGAIN_MS) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    // No network yet: the next look may find it.
    const response = await fetch(`${address}/${runId}`, { headers: headers("application/json") }).catch(() => null);
    if (response?.ok !== true) continue;
    const { data }: { data: Finished } = await response.json();
    if (data.status !== "running" && data.status !== "queued") return data;
  }
  return null;
}
