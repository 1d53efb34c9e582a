import { AppError } from "#platform/errors";

/**
 * A body's text as it arrives, without a byte order mark. Throws payload_too_large at one byte more than `limit`, and bad_request
 * for what is not UTF-8.
 */
export async function* textChunks(body: ReadableStream<Uint8Array>, limit: number): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) throw new AppError("payload_too_large", `The file is larger than ${limit / 1024 / 1024} MiB.`);
    yield decoded(() => decoder.decode(chunk, { stream: true }));
  }
  yield decoded(() => decoder.decode());
}

function decoded(decode: () => string): string {
  try {
    return decode();
  } catch (cause) {
    throw new AppError("bad_request", "The file is not UTF-8 text.", { cause });
  }
}
