import { open } from "node:fs/promises";

const TAIL_BYTES = 16 * 1024;

/** The last lines of a log, from `offset` (bytes) on; empty when there is no such file. */
export async function logTail(file: string, offset = 0, lines = 25): Promise<string> {
  try {
    await using handle = await open(file, "r");
    const { size } = await handle.stat();
    const start = Math.max(offset, size - TAIL_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(0, size - start)), 0, Math.max(0, size - start), start);
    return buffer.subarray(0, bytesRead).toString("utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}
