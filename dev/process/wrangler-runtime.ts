import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { isAlive } from "./command-of.ts";

const LOOK_INTERVAL_MS = 500;
const WATCH_INTERVAL_MS = 300;

/**
 * Resolves when the workerd process that listens for `wrangler` on this port has come up and ended. wrangler 4.156 starts it
 * again but never tells it where the Worker is: every request then hangs. (The end of the other one, which runs the Worker,
 * it repairs within a second.) Calls `onUp` once it has come up. Also resolves, with nothing meant by it, when `signal` aborts.
 */
export async function untilRuntimeEnds(port: number, signal: AbortSignal, onUp: () => void): Promise<string> {
  let runtime: number | undefined;
  while (!signal.aborted) {
    if (runtime === undefined) {
      runtime = await listenerOf(port);
      if (runtime !== undefined) onUp();
    } else if (!isAlive(runtime)) return "its runtime ended";
    await new Promise((resolve) => setTimeout(resolve, runtime === undefined ? LOOK_INTERVAL_MS : WATCH_INTERVAL_MS));
  }
  return "stopped";
}

async function listenerOf(port: number): Promise<number | undefined> {
  const flag = `--socket-addr=entry=127.0.0.1:${port} `;
  return (await processes()).find(({ command }) => command.includes("workerd serve") && `${command} `.includes(flag))?.pid;
}

/** Every process of this machine, by /proc where there is one. */
async function processes(): Promise<{ pid: number; command: string }[]> {
  if (process.platform !== "linux") {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,args="], { maxBuffer: 16 * 1024 * 1024 });
    return stdout.split("\n").map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim().replace(/^\d+ /, "") }));
  }
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return await Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      command: (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).replaceAll("\0", " "),
    })),
  );
}
