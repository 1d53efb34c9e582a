import { AppError } from "#platform/errors";

function tooLarge(limit: number): AppError {
  const size = limit < 1024 * 1024 ? `${limit / 1024} KiB` : `${limit / 1024 / 1024} MiB`;
  return new AppError("payload_too_large", `The request is larger than ${size}.`);
}

/** The body up to `limit` bytes; at one byte more it fails, and nothing further is read. */
function limited(request: Request, limit: number, onExcess: () => void): ReadableStream<Uint8Array> | null {
  let length = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      length += chunk.byteLength;
      if (length <= limit) return controller.enqueue(chunk);
      onExcess();
      controller.error(tooLarge(limit));
    },
  });
  return request.body?.pipeThrough(counter) ?? null;
}

/**
 * Reads a body by `read`. Throws `payload_too_large`, and `bad_request` naming what the body should have been. A body is never
 * longer than it was announced to be (RFC 9112, section 6.3), so only one of unknown length has to be counted while it arrives.
 */
async function readLimited<T>(request: Request, limit: number, expected: string, read: (body: Body) => Promise<T>): Promise<T> {
  const announced = request.headers.get("Content-Length");
  if (Number(announced ?? 0) > limit) throw tooLarge(limit);
  let exceeded = false;
  const counted = () => {
    const body = limited(request, limit, () => {
      exceeded = true;
    });
    return new Response(body, { headers: { "Content-Type": request.headers.get("Content-Type") ?? "" } });
  };
  const isBounded = announced !== null && !request.headers.has("Transfer-Encoding");
  try {
    return await read(isBounded ? request : counted());
  } catch (cause) {
    if (exceeded) throw tooLarge(limit);
    throw new AppError("bad_request", `The body is not ${expected}.`, { cause });
  }
}

/** The media type that a request gives for its body, without parameters. */
export function mediaTypeOf(request: Request): string {
  return request.headers.get("Content-Type")?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** A body as bytes. Throws `payload_too_large`. */
export async function readBytes(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readLimited(request, limit, "complete", (body) => body.arrayBuffer()));
}

/** A body as UTF-8 text. Throws `payload_too_large` and `bad_request`. */
export async function readText(request: Request, limit: number): Promise<string> {
  const bytes = await readBytes(request, limit);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (cause) {
    throw new AppError("bad_request", "The body is not UTF-8 text.", { cause });
  }
}

/** A multipart form. Throws `payload_too_large` and `bad_request`. */
export function readMultipart(request: Request, limit: number): Promise<FormData> {
  return readLimited(request, limit, "a multipart form", (body) => body.formData());
}
