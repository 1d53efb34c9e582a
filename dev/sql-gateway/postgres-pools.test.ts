import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestPostgres } from "../../tests/database/prepared-servers.ts";
import type { PostgresServer } from "../postgres/server.ts";
import { createPostgresPools, type PostgresPools } from "./postgres-pools.ts";

let directory: string;
let postgres: PostgresServer;
let pools: PostgresPools;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "postgres-pools-"));
  postgres = await startTestPostgres(directory);
  pools = createPostgresPools();
});
afterAll(async () => {
  await pools.close();
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
});

it("outlives a connection that its server ends between two statements, and opens another", async () => {
  const url = postgres.url("postgres");
  const [broken, other] = await Promise.all([pools.acquire(url), pools.acquire(url)]);
  const { rows } = await broken.query("SELECT pg_backend_pid() AS pid");
  const gone = new Promise<void>((resolve) => broken.once("end", resolve));
  await other.query("SELECT pg_terminate_backend($1)", [rows[0].pid]);
  await gone;
  await expect(broken.query("SELECT 1")).rejects.toThrow();
  broken.release(true);
  other.release();
  const next = await pools.acquire(url);
  expect((await next.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  next.release();
});
