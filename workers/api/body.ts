import { AppError } from "#platform/errors";
import { readBytes } from "../read-body.ts";

/** Largest request body of the members' API, in bytes. */
const MAX_BODY = 1024 * 1024;

const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i;

/**
 * Reads the whole body of a request and gives back the same request with it in memory. An empty body is none.
 * @throws `payload_too_large`, `unsupported_media_type` for anything but JSON, `bad_request` for what is not valid UTF-8 or JSON
 */
export async function readBody(request: Request): Promise<{ request: Request; body: Uint8Array<ArrayBuffer> }> {
  const body = await readBytes(request, MAX_BODY);
  if (body.length === 0) return { request: withBody(request, null), body };
  if (!JSON_TYPE.test(request.headers.get("Content-Type") ?? ""))
    throw new AppError("unsupported_media_type", "Send the body as application/json.");
  requireJson(body);
  return { request: withBody(request, body), body };
}

function requireJson(body: Uint8Array): void {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body));
  } catch (cause) {
    throw new AppError("bad_request", "The body is not valid JSON in UTF-8.", { cause });
  }
}

/** Without a body, its announced type goes too: nothing shall try to read it. */
function withBody(request: Request, body: Uint8Array<ArrayBuffer> | null): Request {
  const headers = new Headers(request.headers);
  if (!body) headers.delete("Content-Type");
  return new Request(request.url, { method: request.method, headers, body, signal: request.signal });
}
