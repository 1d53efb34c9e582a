import type { IncomingMessage, ServerResponse } from "node:http";

/** What Neon allows for one request and for one response, in bytes. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Reads the whole body as text; `null` when it is larger than `limit` bytes. */
export async function readBody(request: IncomingMessage, limit = MAX_BODY_BYTES): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    // The rest is read and dropped: closing early would hide the answer behind a broken connection.
    if (size <= limit) chunks.push(bytes);
  }
  return size > limit ? null : Buffer.concat(chunks).toString("utf8");
}

/** `undefined` when the text is not JSON; the caller's schema then refuses it like any other wrong shape. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.writableEnded || response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length });
  response.end(bytes);
}
