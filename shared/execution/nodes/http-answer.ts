import { AppError } from "#platform/errors";
import { fileNameOf, mediaTypeOf } from "./http-file.ts";
import type { NodeServices } from "./node.ts";

/** What the node makes of an answer's body; `auto`: JSON where the answer says that it is, otherwise text. */
export const RESPONSES = ["auto", "json", "text", "file"] as const;

export interface AnswerOptions {
  readonly as: (typeof RESPONSES)[number];
  /** Bytes of a body that the node takes in. */
  readonly maxBytes: number;
  /** Whether statuses from 400 on fail; `undefined`: those that pass by themselves. */
  readonly failOnStatus: boolean | undefined;
}

/**
 * Shapes an answer as `{status, headers, body}`. Statuses that pass by themselves (429 and 5xx) are failures, so that the
 * node's retry policy sees them; every other status is for the workflow to look at, unless it asked otherwise. Only the body of
 * a success becomes a file.
 */
export async function readAnswer(
  response: Response,
  options: AnswerOptions,
  { keepFile }: Pick<NodeServices, "keepFile">,
): Promise<Record<string, unknown>> {
  const { status } = response;
  await requireStatus(response, options.failOnStatus);
  const bytes = await readBytes(response, options.maxBytes);
  const headers = Object.fromEntries(response.headers);
  if (options.as !== "file" || !response.ok) return { status, headers, body: parsed(response, bytes, options.as) };
  const name = fileNameOf(response.headers, response.url);
  return { status, headers, body: await keepFile({ name, type: mediaTypeOf(response.headers), bytes }) };
}

async function requireStatus({ status, body }: Response, failOnStatus: boolean | undefined): Promise<void> {
  const passes = status === 429 || status >= 500;
  const fails = failOnStatus === undefined ? passes : failOnStatus && status >= 400;
  if (!fails) return;
  await body?.cancel();
  throw new AppError(passes ? "upstream_unavailable" : "node_failed", `The address answered with status ${status}.`);
}

async function readBytes(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array();
  const tooLarge = () => new AppError("payload_too_large", `The answer is larger than ${maxBytes} bytes.`);
  if (Number(response.headers.get("content-length") ?? 0) > maxBytes && !response.headers.has("content-encoding")) {
    await response.body.cancel();
    throw tooLarge();
  }
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await readChunk(reader);
    if (done) return joined(chunks, size);
    chunks.push(value);
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel();
      throw tooLarge();
    }
  }
}

async function readChunk(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (error) {
    throw new AppError("upstream_unavailable", "The answer broke off.", { cause: error });
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

function parsed({ headers }: Response, bytes: Uint8Array, as: AnswerOptions["as"]): unknown {
  const contentType = headers.get("content-type") ?? "";
  const text = decode(bytes, contentType);
  const isJson = as === "json" || (as !== "text" && /[/+]json\b/i.test(contentType));
  if (!isJson) return text;
  if (text === "") return as === "json" ? null : text;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (as === "json") throw new AppError("node_failed", "The answer is not JSON.", { cause: error });
    return text;
  }
}

/** Reads text in the encoding that the answer names; UTF-8 where it names none that is known. */
function decode(bytes: Uint8Array, contentType: string): string {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
