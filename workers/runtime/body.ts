import { z } from "zod";
import { AppError, validationFailed } from "#platform/errors";
import { faultsOf } from "#platform/faults";

/** The most a run's request may carry, in bytes. */
const LIMIT = 256 * 1024;

/** A run as it was asked for. A form's values are texts, to be read as the types that the app declares. */
export type RunBody =
  | { readonly kind: "json"; readonly inputs: unknown }
  | { readonly kind: "form"; readonly inputs: Readonly<Record<string, string>> };

const jsonBodySchema = z.strictObject({ inputs: z.unknown(), captcha_token: z.string().max(4096).optional() });

function tooLarge(): AppError {
  return new AppError("payload_too_large", `The request is larger than ${LIMIT / 1024} KiB.`);
}

/** Reads the body up to the limit; one byte more and nothing further is read. */
async function readBytes(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get("Content-Length") ?? 0) > LIMIT) throw tooLarge();
  if (request.body === null) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const chunk: Uint8Array = next.value;
    length += chunk.byteLength;
    if (length > LIMIT) {
      await reader.cancel();
      throw tooLarge();
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (cause) {
    throw new AppError("bad_request", "The body is not UTF-8 text.", { cause });
  }
}

function parseJson(text: string): RunBody {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError("bad_request", "The body is not JSON.", { cause });
  }
  const parsed = jsonBodySchema.safeParse(json);
  if (!parsed.success) throw validationFailed(faultsOf(parsed.error));
  return { kind: "json", inputs: parsed.data.inputs };
}

/** Only texts: files have no place to go yet, and an empty file field is sent by every form that has one. */
function textsOf(entries: Iterable<[string, unknown]>): RunBody {
  const texts = new Map<string, string>();
  for (const [name, value] of entries) {
    if (typeof value === "string") texts.set(name, value);
  }
  return { kind: "form", inputs: Object.fromEntries(texts) };
}

async function parseMultipart(bytes: Uint8Array<ArrayBuffer>, contentType: string): Promise<RunBody> {
  try {
    const form = await new Response(bytes, { headers: { "Content-Type": contentType } }).formData();
    return textsOf(form.entries());
  } catch (cause) {
    throw new AppError("bad_request", "The body is not a multipart form.", { cause });
  }
}

/**
 * The body of `POST …/runs`: JSON, or a form as browsers send it. Throws `unsupported_media_type`, `payload_too_large`,
 * `bad_request` for what cannot be read and `validation_failed` for what does not belong.
 */
export async function readRunBody(request: Request): Promise<RunBody> {
  const contentType = request.headers.get("Content-Type") ?? "";
  const mediaType = contentType.split(";", 1)[0]?.trim().toLowerCase();
  switch (mediaType) {
    case "application/json":
      return parseJson(decode(await readBytes(request)));
    case "application/x-www-form-urlencoded":
      return textsOf(new URLSearchParams(decode(await readBytes(request))));
    case "multipart/form-data":
      return parseMultipart(await readBytes(request), contentType);
    default:
      throw new AppError("unsupported_media_type", "Send application/json, or a form.");
  }
}
