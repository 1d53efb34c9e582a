import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { guardGroup, releaseGroup } from "./guard.ts";
import { logTail } from "./log-tail.ts";

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly logFile: string;
  readonly stopSignal?: NodeJS.Signals;
  /** How long a polite stop may take before SIGKILL, in milliseconds. */
  readonly patience?: number;
}

export interface ManagedProcess {
  readonly pid: number;
  /** Resolves when the process is gone, with what it ended by. */
  readonly exited: Promise<string>;
  hasExited(): boolean;
  /** The end of what this process (not its predecessors) has logged. */
  tail(): Promise<string>;
  /** Stops the process and everything in its group; resolves when they are gone. */
  stop(): Promise<void>;
}

/**
 * Starts a process in a group of its own: Ctrl-C in the terminal reaches only us, and we stop our children in order. Its
 * output goes to its log file directly, so that it does not depend on us. When we die, the guard stops it.
 */
export async function startProcess(options: ProcessOptions): Promise<ManagedProcess> {
  const { stopSignal = "SIGTERM", patience = 8000 } = options;
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, "a");
  const logStart = fstatSync(log).size;
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const exited = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
  });
  let gone = false;
  void exited.then(() => {
    gone = true;
  });
  // Rejects when the command cannot be started at all.
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  guardGroup(pid, stopSignal);

  return {
    pid,
    exited,
    hasExited: () => gone,
    tail: () => logTail(options.logFile, logStart),
    async stop() {
      if (!gone) {
        signalGroup(pid, stopSignal);
        const killer = setTimeout(() => signalGroup(pid, "SIGKILL"), patience);
        await exited;
        clearTimeout(killer);
      }
      // What the process itself left behind.
      signalGroup(pid, "SIGKILL");
      releaseGroup(pid);
    },
  };
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Runs a program to its end. Throws with the end of its output when it fails. */
export async function runToEnd(options: ProcessOptions): Promise<void> {
  const child = await startProcess(options);
  const end = await child.exited;
  const tail = await child.tail();
  await child.stop();
  if (end !== "exit code 0") throw new Error(`${options.command} failed (${end}):\n${tail}`);
}
