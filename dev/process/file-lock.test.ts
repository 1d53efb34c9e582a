import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tryLock, withLock } from "./file-lock.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "locks-"));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe("a lock", () => {
  it("is held by one at a time", async () => {
    const file = join(directory, "one");
    const first = await tryLock(file);
    expect(first).toMatchObject({ wasStale: false });
    expect(await tryLock(file)).toEqual({ lock: null, holder: process.pid });
    await first.lock?.release();
    const again = await tryLock(file);
    expect(again.lock).not.toBeNull();
    await again.lock?.release();
  });

  it.each([
    ["of a process that is gone", "4194304"],
    ["of a process that is another program by now", "1"],
    ["without a holder", ""],
  ])("%s is taken over", async (_name, content) => {
    const file = join(directory, "stale");
    await writeFile(file, content);
    const taken = await tryLock(file);
    expect(taken).toMatchObject({ wasStale: true });
    await taken.lock?.release();
  });

  it("keeps two pieces of work apart", async () => {
    const file = join(directory, "work");
    let inside = 0;
    const work = () =>
      withLock(file, async () => {
        inside += 1;
        expect(inside).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
      });
    await Promise.all([work(), work(), work()]);
  });
});
