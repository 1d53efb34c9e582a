import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { commandOf } from "../process/command-of.ts";

const PATIENCE_MS = 15_000;
const POLL_MS = 50;

/**
 * Clears the way after an unclean stop. A server that still runs on this data folder is stopped; a lock file of a process
 * that is none of PostgreSQL's (its number was given to another program since) is removed, as the server itself would refuse it.
 */
export async function stopStalePostmaster(data: string): Promise<void> {
  const lockFile = join(data, "postmaster.pid");
  const pid = Number((await readFile(lockFile, "utf8").catch(() => "")).split("\n")[0]);
  if (!(pid > 0)) return;
  if (await servesFolder(pid, data)) {
    process.kill(pid, "SIGINT");
    const deadline = Date.now() + PATIENCE_MS;
    while (await servesFolder(pid, data)) {
      if (Date.now() > deadline) throw new Error(`A PostgreSQL server (process ${pid}) still runs on ${data} and does not stop`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
  await rm(lockFile, { force: true });
}

async function servesFolder(pid: number, data: string): Promise<boolean> {
  const command = await commandOf(pid);
  return command?.includes("postgres") === true && command.includes(data);
}
