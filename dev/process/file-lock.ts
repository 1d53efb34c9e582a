import { mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { commandOf } from "./command-of.ts";

export interface FileLock {
  release(): Promise<void>;
}

export type LockAttempt = { readonly lock: FileLock; readonly wasStale: boolean } | { readonly lock: null; readonly holder: number };

/** Takes the lock, or says which running process has it. A lock whose process is gone is taken over. */
export async function tryLock(file: string): Promise<LockAttempt> {
  await mkdir(dirname(file), { recursive: true });
  let wasStale = false;
  for (;;) {
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(String(process.pid));
      await handle.close();
      return { lock: { release: () => rm(file, { force: true }) }, wasStale };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const holder = Number(await readFile(file, "utf8").catch(() => "0"));
    if (holder > 0 && (await isOneOfUs(holder))) return { lock: null, holder };
    wasStale = true;
    await rm(file, { force: true });
  }
}

/** Runs `work` while no other process runs work under the same lock. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  let attempt = await tryLock(file);
  while (attempt.lock === null) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    attempt = await tryLock(file);
  }
  try {
    return await work();
  } finally {
    await attempt.lock.release();
  }
}

/** Process numbers are given again: a number alone does not say that the holder lives. */
async function isOneOfUs(pid: number): Promise<boolean> {
  return /\bnode\b.*\b(dev\/\w+\.ts|vitest|vite)\b/.test((await commandOf(pid)) ?? "");
}
