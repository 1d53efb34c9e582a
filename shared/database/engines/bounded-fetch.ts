import { AppError } from "#platform/errors";

/** No statement of a db node is waited for longer, in milliseconds; the server itself stops it sooner. */
export const STATEMENT_LIMIT_MS = 15_000;
/** Making a database copies files: it may take this long, in milliseconds. */
export const COMMAND_LIMIT_MS = 60_000;
/** Bytes of an answer on the wire. Above the limit on its values, below what would endanger the isolate's memory. */
export const MAX_WIRE_BYTES = 8 * 1024 * 1024;

export interface BoundedInit extends RequestInit {
  /** Bytes of the response's body, at most; without it there is no limit. */
  readonly maxResponseBytes?: number;
}

async function* boundedChunks(body: ReadableStream<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of body) {
    total += chunk.byteLength;
    if (total > limit) throw new AppError("payload_too_large", "The answer of the database is too large.");
    yield chunk;
  }
}

/** Whether an answer says itself that it is small enough; it cannot be longer than it says (RFC 9112, section 6.3). */
function isWithin({ headers }: Response, limit: number): boolean {
  const length = headers.get("Content-Length");
  return length !== null && Number(length) <= limit && !headers.has("Content-Encoding");
}

/** `fetch`, but an answer over its limit is cut off while it arrives instead of being collected first. */
export async function boundedFetch(url: string, { maxResponseBytes, ...init }: BoundedInit): Promise<Response> {
  const response = await fetch(url, init);
  if (maxResponseBytes === undefined || !response.body || isWithin(response, maxResponseBytes)) return response;
  const chunks: Uint8Array[] = [];
  for await (const chunk of boundedChunks(response.body, maxResponseBytes)) chunks.push(chunk);
  return new Response(await new Blob(chunks).arrayBuffer(), { status: response.status });
}

/** Ends a request after so many milliseconds, or when `stop` says so. The server stops a statement whose connection is closed. */
export function limitSignal(limitMs: number, stop?: AbortSignal): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(limitMs), ...(stop ? [stop] : [])]);
}
