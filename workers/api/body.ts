import { AppError } from "#platform/errors";

/** Largest request body of the members' API, in bytes. */
const MAX_BODY = 1024 * 1024;

const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i;

/**
 * Reads the whole body of a request and gives back the same request with it in memory. An empty body is none.
 * @throws `payload_too_large`, `unsupported_media_type` for anything but JSON, `bad_request` for what is not valid UTF-8 or JSON
 */
export async function readBody(request: Request): Promise<{ request: Request; body: Uint8Array<ArrayBuffer> }> {
  const body = request.body ? await readAll(request, request.body) : new Uint8Array();
  if (body.length === 0) return { request: withBody(request, null), body };
  if (!JSON_TYPE.test(request.headers.get("Content-Type") ?? ""))
    throw new AppError("unsupported_media_type", "Send the body as application/json.");
  requireJson(body);
  return { request: withBody(request, body), body };
}

async function readAll(request: Request, stream: ReadableStream<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get("Content-Length") ?? 0) > MAX_BODY) {
    await stream.cancel();
    throw tooLarge();
  }
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > MAX_BODY) {
      await reader.cancel();
      throw tooLarge();
    }
    chunks.push(part.value);
  }
  const body = new Uint8Array(size);
  chunks.reduce((offset, chunk) => {
    body.set(chunk, offset);
    return offset + chunk.length;
  }, 0);
  return body;
}

function tooLarge(): AppError {
  return new AppError("payload_too_large", `The body is larger than ${MAX_BODY} bytes.`);
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
