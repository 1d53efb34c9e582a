import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const GUARD = fileURLToPath(new URL("guard.mjs", import.meta.url).href);

/** The one guard of this process, started with the first child; and what it must know if it has to be started again. */
let guard: ChildProcess | undefined;
const groups = new Map<number, NodeJS.Signals>();

/** From now on this process group is stopped when our process dies, even by `kill -9`. */
export function guardGroup(group: number, signal: NodeJS.Signals): void {
  groups.set(group, signal);
  if (guard === undefined) startGuard();
  else tell(`+${group} ${signal}`);
}

/** The group is gone; its number may come to mean another one. */
export function releaseGroup(group: number): void {
  if (groups.delete(group)) tell(`-${group}`);
}

function startGuard(): void {
  const child = spawn(process.execPath, [GUARD], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  guard = child;
  // A guard that somebody kills is replaced while there is something to guard.
  child.on("exit", () => {
    guard = undefined;
    if (groups.size > 0) startGuard();
  });
  // Writing to a guard that has just died: its successor is told everything.
  child.stdin?.on("error", () => undefined);
  child.unref();
  if (child.stdin !== null && "unref" in child.stdin && typeof child.stdin.unref === "function") child.stdin.unref();
  for (const [group, signal] of groups) tell(`+${group} ${signal}`);
}

function tell(line: string): void {
  guard?.stdin?.write(`${line}\n`);
}
