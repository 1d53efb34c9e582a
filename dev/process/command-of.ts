import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** The command line of a running process, words separated by spaces; `null` when there is no such process. */
export async function commandOf(pid: number): Promise<string | null> {
  if (!isAlive(pid)) return null;
  try {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
  } catch {
    // Not Linux.
  }
  try {
    return (await promisify(execFile)("ps", ["-o", "args=", "-p", String(pid)])).stdout.trim();
  } catch {
    return null;
  }
}

/** Whether the process runs. One that has ended and waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !status.slice(status.lastIndexOf(")")).startsWith(") Z");
  } catch {
    // Not Linux.
    return true;
  }
}
