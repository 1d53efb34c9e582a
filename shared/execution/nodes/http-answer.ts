import { AppError } from "#platform/errors";

/** Bytes of a body that a node takes in. */
const MAX_BODY_BYTES = 1_048_576;

function tooLarge(): AppError {
  return new AppError("payload_too_large", `The answer is larger than ${MAX_BODY_BYTES} bytes.`);
}

async function readText(response: Response): Promise<string> {
  if (response.body === null) return "";
  if (Number(response.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) {
    await response.body.cancel();
    throw tooLarge();
  }
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let [text, bytes] = ["", 0];
  for (;;) {
    const { done, value } = await readChunk(reader);
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > MAX_BODY_BYTES) {
      await reader.cancel();
      throw tooLarge();
    }
    text += decoder.decode(value, { stream: true });
  }
}

async function readChunk(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (error) {
    throw new AppError("upstream_unavailable", "The answer broke off.", { cause: error });
  }
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/**
 * Shapes an answer as `{status, headers, body}`. Statuses that pass by themselves (429 and 5xx) are failures, so that the
 * node's retry policy sees them; every other status is for the workflow to look at.
 */
export async function readAnswer(response: Response, as: "auto" | "json" | "text"): Promise<Record<string, unknown>> {
  const { status } = response;
  if (status === 429 || status >= 500) {
    await response.body?.cancel();
    throw new AppError("upstream_unavailable", `The address answered with status ${status}.`);
  }
  const text = await readText(response);
  const headers = Object.fromEntries(response.headers);
  if (as === "text") return { status, headers, body: text };
  const isJson = as === "json" || /[/+]json\b/i.test(response.headers.get("content-type") ?? "");
  const parsed = isJson && text !== "" ? parseJson(text) : undefined;
  if (as === "json" && text !== "" && !parsed) throw new AppError("node_failed", "The answer is not JSON.");
  return { status, headers, body: parsed ? parsed.value : as === "json" ? null : text };
}
