import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migratePlatform } from "../stack/migrations.ts";
import { startPostgres } from "./server.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "postgres-"));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe("the embedded server", () => {
  it("keeps what was written through a stop, a kill, and the lock file of a stranger", async () => {
    const home = join(directory, "kept");
    const first = await startPostgres(home);
    await query(first.adminUrl, "create table kept (n int); insert into kept values (1)");
    await first.stop();

    const second = await startPostgres(home, { port: first.port });
    expect(second.adminUrl).toBe(first.adminUrl);
    await query(second.adminUrl, "insert into kept values (2)");
    process.kill(second.process.pid, "SIGKILL");
    await second.process.exited;

    // The number in the lock file has come to mean a program that lives and is none of PostgreSQL's.
    const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    await writeFile(join(home, "data", "postmaster.pid"), `${stranger.pid}\n${join(home, "data")}\n`);
    const third = await startPostgres(home);
    expect(await query(third.adminUrl, "select n from kept order by n")).toEqual([{ n: 1 }, { n: 2 }]);
    expect(stranger.exitCode).toBeNull();
    stranger.kill();
    await third.stop();
  }, 60_000);

  it("takes over from a server that was left running", async () => {
    const home = join(directory, "left");
    const left = await startPostgres(home, { durable: false });
    const next = await startPostgres(home, { durable: false });
    expect(await left.process.exited).toBe("exit code 0");
    expect(await query(next.adminUrl, "select 1 as n")).toEqual([{ n: 1 }]);
    await next.stop();
  }, 60_000);

  it("lets nobody in without the password", async () => {
    const server = await startPostgres(join(directory, "closed"), { durable: false });
    const url = new URL(server.adminUrl);
    url.password = "guess";
    await expect(query(url.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
    await server.stop();
  }, 60_000);
});

describe("migratePlatform", () => {
  it("makes the database and its tables once, however many ask at the same time", async () => {
    const server = await startPostgres(join(directory, "migrated"), { durable: false });
    const url = server.url("platform");
    await Promise.all([migratePlatform(url), migratePlatform(url), migratePlatform(url)]);
    await migratePlatform(url);
    const [tables] = await query(
      url,
      "select count(*)::int as n from information_schema.tables where table_schema = 'public' and table_name in ('users', 'apps', 'executions')",
    );
    expect(tables).toEqual({ n: 3 });
    await server.stop();
  }, 60_000);
});
