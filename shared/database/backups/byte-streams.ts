/** A stream that changes bytes, such as a CompressionStream. */
interface ByteTransform {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<ArrayBuffer | ArrayBufferView>;
}

/**
 * What a transform makes of a source, at the pace of whoever takes it. Throws what the source threw as it was; an error of the
 * transform's own is given to `asFailure`.
 */
export async function* through(
  source: AsyncIterable<Uint8Array>,
  { readable, writable }: ByteTransform,
  asFailure: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  const writer = writable.getWriter();
  let broken: { readonly error: unknown } | undefined;
  const chunks = source[Symbol.asyncIterator]();
  const feed = async () => {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        broken = { error };
        throw error;
      });
      if (next.done) break;
      await writer.write(next.value);
    }
    await writer.close();
  };
  // What ends the feeding also ends the reading, where it is told.
  const fed = feed().catch((error: unknown) => writer.abort(error).catch(() => undefined));
  try {
    for await (const chunk of readable) yield chunk;
  } catch (error) {
    await fed;
    throw broken ? broken.error : asFailure(error);
  } finally {
    await chunks.return?.();
  }
  if (broken) throw broken.error;
}

const ENCODER = new TextEncoder();

/** Texts as UTF-8. */
export async function* asBytes(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const text of texts) yield ENCODER.encode(text);
}

/** Bytes of a line, at most: a page of rows is far smaller, unless one row alone is that large. */
const MAX_LINE_LENGTH = 64 * 1024 * 1024;

/** The lines of a UTF-8 text, without their ends. Throws TypeError for what is none, or does not end with a line. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let pending: string[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    pending.push(first);
    length += first.length;
    for (const other of others) {
      yield pending.join("");
      pending = [other];
      length = other.length;
    }
    if (length > MAX_LINE_LENGTH) throw new TypeError("a line is too long");
  }
  pending.push(decoder.decode());
  if (pending.join("") !== "") throw new TypeError("the last line does not end");
}
