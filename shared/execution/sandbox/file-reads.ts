import type { QuickJSHandle } from "quickjs-emscripten-core";
import { AppError } from "#platform/errors";
import type { RunFiles } from "../nodes/file-reference.ts";
import type { Sandbox } from "./sandbox.ts";

export type OpenFile = RunFiles["openFile"];

/** Bytes of files that one piece of code may read in all. */
const MAX_BYTES = 8_388_608;
const MAX_FILES = 50;
/** Bytes that are made text at a time. */
const CHUNK = 32_768;

/** A file that was read, or why it was not. */
export interface FileRead {
  readonly id: string;
  readonly content: { readonly text: string } | { readonly error: unknown };
}

/** The files that code asks for: read out here, and told in there one by one. */
export class FileReads {
  /** What the code calls: (id, how, file id). */
  readonly ask: QuickJSHandle;
  readonly #openFile: OpenFile;
  readonly #waiting = new Map<string, Promise<FileRead>>();
  #files = 0;
  #bytes = 0;

  constructor(openFile: OpenFile, { context }: Sandbox) {
    this.#openFile = openFile;
    this.ask = context.newFunction("ask", (...handles) => {
      const [id = "", how = "", fileId = ""] = handles.map((handle) => context.getString(handle));
      this.#waiting.set(id, this.#read(id, how, fileId));
    });
  }

  /** The next one that has come; `undefined` when none is asked for. */
  async next(): Promise<FileRead | undefined> {
    if (this.#waiting.size === 0) return undefined;
    const read = await Promise.race(this.#waiting.values());
    this.#waiting.delete(read.id);
    return read;
  }

  async #read(id: string, how: string, fileId: string): Promise<FileRead> {
    try {
      const bytes = await this.#open(fileId);
      return { id, content: { text: how === "base64" ? base64(bytes) : new TextDecoder().decode(bytes) } };
    } catch (error) {
      return { id, content: { error } };
    }
  }

  async #open(fileId: string): Promise<Uint8Array> {
    this.#files += 1;
    if (this.#files > MAX_FILES) throw new AppError("payload_too_large", `A code node reads at most ${MAX_FILES} files.`);
    const { bytes } = await this.#openFile(fileId);
    this.#bytes += bytes.byteLength;
    if (this.#bytes > MAX_BYTES) throw new AppError("payload_too_large", `A code node reads at most ${MAX_BYTES} bytes of files in all.`);
    return bytes;
  }
}

function base64(bytes: Uint8Array): string {
  const chunks = Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, index) =>
    String.fromCharCode(...bytes.subarray(index * CHUNK, (index + 1) * CHUNK)),
  );
  return btoa(chunks.join(""));
}
