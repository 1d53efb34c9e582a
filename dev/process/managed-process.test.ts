import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { isAlive } from "./command-of.ts";
import { runToEnd, startProcess } from "./managed-process.ts";
import { supervise } from "./supervised.ts";

vi.setConfig({ testTimeout: 30_000 });

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "processes-"));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

const node = (script: string, name: string) => ({
  command: process.execPath,
  args: ["-e", script],
  logFile: join(directory, `${name}.log`),
});

/** Says its own number and that of a child of its own, then sleeps. */
const FAMILY = `
  const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  console.log(process.pid + " " + child.pid);
  setInterval(() => {}, 1000);`;

async function familyIn(log: string): Promise<number[]> {
  const numbers = async () => (await readFile(log, "utf8").catch(() => "")).trim().split(/\s+/).map(Number);
  await expect.poll(numbers, { timeout: 10_000 }).toHaveLength(2);
  return await numbers();
}

describe("a managed process", () => {
  it("stops with everything it has started", async () => {
    const child = await startProcess(node(FAMILY, "family"));
    const family = await familyIn(join(directory, "family.log"));
    expect(family.every(isAlive)).toBe(true);
    await child.stop();
    expect(await child.exited).toBe("SIGTERM");
    await expect.poll(() => family.some(isAlive), { timeout: 10_000 }).toBe(false);
  });

  it("is killed when it does not listen", async () => {
    const child = await startProcess({
      ...node('process.on("SIGTERM", () => 0); console.log("deaf"); setInterval(() => {}, 1000)', "deaf"),
      patience: 100,
    });
    await expect.poll(() => child.tail(), { timeout: 10_000 }).toBe("deaf");
    await child.stop();
    expect(await child.exited).toBe("SIGKILL");
  });

  it("stops when the process that started it is killed", async () => {
    const log = join(directory, "orphans.log");
    const module = new URL("managed-process.ts", import.meta.url).href;
    const options = JSON.stringify({ command: process.execPath, args: ["-e", FAMILY], logFile: log });
    const owner = spawn(process.execPath, [
      "--input-type=module",
      "-e",
      `(await import(${JSON.stringify(module)})).startProcess(${options}); setInterval(() => {}, 1000)`,
    ]);
    const family = await familyIn(log);
    owner.kill("SIGKILL");
    await once(owner, "exit");
    await expect.poll(() => family.some(isAlive), { timeout: 10_000 }).toBe(false);
  });

  it("says what a program that fails wrote", async () => {
    await expect(runToEnd(node('console.error("out of paper"); process.exit(3)', "failing"))).rejects.toThrow(
      /exit code 3.*\n.*out of paper/,
    );
    await runToEnd(node("", "fine"));
  });
});

describe("supervision", () => {
  it("starts again what was killed, and stops it when told", async () => {
    const pids: number[] = [];
    const said: string[] = [];
    const running = await supervise({
      name: "The sleeper",
      say: (line) => said.push(line),
      onGiveUp: (error) => said.push(error.message),
      start: async () => {
        const child = await startProcess(node("setInterval(() => {}, 1000)", "sleeper"));
        pids.push(child.pid);
        return child;
      },
    });
    process.kill(pids[0] ?? 0, "SIGKILL");
    await expect.poll(() => pids.length, { timeout: 10_000 }).toBe(2);
    expect(said).toEqual(["The sleeper ended (SIGKILL); starting it again"]);
    await running.stop();
    expect(pids.some(isAlive)).toBe(false);
    expect(pids).toHaveLength(2);
  });

  it("gives up on what ends again and again, with its last words", async () => {
    let starts = 0;
    const gaveUp = new Promise<Error>((resolve) => {
      void supervise({
        name: "The faulty one",
        say: () => undefined,
        onGiveUp: resolve,
        start: () => {
          starts += 1;
          return startProcess(node('console.log("no luck"); process.exit(1)', "faulty"));
        },
      });
    });
    expect((await gaveUp).message).toMatch(/The faulty one keeps ending \(exit code 1\):\nno luck/);
    expect(starts).toBe(6);
  });
});
