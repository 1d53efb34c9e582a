import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { isAlive } from "./command-of.ts";

const LOOK_INTERVAL_MS = 500;
const WATCH_INTERVAL_MS = 300;
/** How long (ms) there may be nothing that runs the Worker: wrangler has to bundle it first, and then starts it again within a second. */
const FIRST_WITHIN_MS = 60_000;
const AGAIN_WITHIN_MS = 5_000;

/** The flag of the workerd process that runs the Worker; the one in front of it, which listens for wrangler, has none. */
const RUNS_THE_WORKER = " --debug-port";

/**
 * Resolves when `wrangler` on this port has come up and cannot serve any more, which it does not notice itself (4.156): its
 * workerd process in front has ended, since the next one is never told where the Worker is; or the one that runs the Worker has
 * ended and is not started again, as when it was killed while it started. Calls `onUp` once it has come up. Also resolves, with
 * nothing meant by it, when `signal` aborts.
 */
export async function untilRuntimeEnds(port: number, signal: AbortSignal, onUp: () => void): Promise<string> {
  const front = await firstListener(port, signal);
  if (front === undefined) return "stopped";
  onUp();
  let worker: Process | undefined;
  let missedAt = Date.now() + FIRST_WITHIN_MS;
  while (!signal.aborted) {
    if (!isAlive(front.pid)) return "its runtime ended";
    if (worker === undefined || !isAlive(worker.pid)) worker = await workerBeside(front);
    if (worker !== undefined) missedAt = Date.now() + AGAIN_WITHIN_MS;
    else if (Date.now() > missedAt) return "nothing runs it any more";
    await delay(WATCH_INTERVAL_MS);
  }
  return "stopped";
}

async function firstListener(port: number, signal: AbortSignal): Promise<Process | undefined> {
  while (!signal.aborted) {
    const found = await listenerOf(port);
    if (found !== undefined) return found;
    await delay(LOOK_INTERVAL_MS);
  }
  return undefined;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

async function listenerOf(port: number): Promise<Process | undefined> {
  const flag = `--socket-addr=entry=127.0.0.1:${port} `;
  return (await processes()).find(({ command }) => command.includes("workerd serve") && `${command} `.includes(flag));
}

/** What runs the Worker for the wrangler that this one is in front of. */
async function workerBeside({ parent }: Process): Promise<Process | undefined> {
  return (await processes()).find((other) => other.parent === parent && other.command.includes(RUNS_THE_WORKER));
}

/** Every process of this machine, by /proc where there is one. */
async function processes(): Promise<Process[]> {
  if (process.platform !== "linux") {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid=,args="], { maxBuffer: 16 * 1024 * 1024 });
    return [...stdout.matchAll(/^\s*(\d+)\s+(\d+)\s+(.*)$/gm)].map(([, pid, parent, command = ""]) => ({
      pid: Number(pid),
      parent: Number(parent),
      command,
    }));
  }
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return await Promise.all(
    pids.map(async (pid) => {
      const [status, command] = await Promise.all(
        ["stat", "cmdline"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
      );
      // The program's name, in parentheses, may hold anything.
      const [, parent] = /^.*\) \S (\d+)/s.exec(status ?? "") ?? [];
      return { pid: Number(pid), parent: Number(parent ?? 0), command: (command ?? "").replaceAll("\0", " ") };
    }),
  );
}
