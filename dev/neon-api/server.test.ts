import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNeonClient } from "@neon/sdk";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestPostgres } from "../../tests/database/prepared-servers.ts";
import type { PostgresServer } from "../postgres/server.ts";
import { type NeonApi, startNeonApi } from "./server.ts";

const API_KEY = "napi_double";

let directory: string;
let postgres: PostgresServer;
let api: NeonApi;

/** Neon's own client, which knows Neon's answers; it asks once and waits for nothing. */
const client = (apiKey = API_KEY) => createNeonClient({ apiKey, baseUrl: api.baseUrl, retries: 0, waitForReadiness: false });

async function makeProject(name: string): Promise<string> {
  return (await client().projects.create({ name, region_id: "aws-eu-central-1" }, { throwOnError: true })).id;
}

const statuses = async (projectId: string) =>
  (await client().operations.list({ projectId }, { throwOnError: true }).all()).map(({ action, status }) => [action, status]);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "neon-api-"));
  postgres = await startTestPostgres(directory);
}, 120_000);

beforeEach(async () => {
  api = await startNeonApi({ port: 0, apiKey: API_KEY, adminUrl: postgres.adminUrl, time: "manual", projectsLimit: 3 });
  return () => api.close();
});

afterAll(async () => {
  await postgres?.stop();
  await rm(directory, { recursive: true, force: true });
});

describe("Neon's API for Neon's own client", () => {
  it("works on a project one operation after the other, locks it meanwhile, and then lets its administrator in", async () => {
    const projectId = await makeProject("acme");
    expect(await statuses(projectId)).toEqual([
      ["start_compute", "scheduling"],
      ["create_timeline", "scheduling"],
    ]);
    api.clock.advance(600);
    expect(await statuses(projectId)).toEqual([
      ["start_compute", "scheduling"],
      ["create_timeline", "running"],
    ]);
    const locked = await client().projects.delete({ projectId });
    expect(locked.error).toMatchObject({ kind: "api", status: 423 });

    const where = { projectId, databaseName: "neondb", roleName: "neondb_owner" };
    const early = await client().postgres.connectionString(where, { throwOnError: true });
    await expect(new pg.Client({ connectionString: early }).connect()).rejects.toThrow();
    api.clock.advance(3000);
    expect(await statuses(projectId)).toEqual([
      ["start_compute", "finished"],
      ["create_timeline", "finished"],
    ]);
    const admin = new pg.Client({ connectionString: await client().postgres.connectionString(where, { throwOnError: true }) });
    await admin.connect();
    await admin.query("CREATE ROLE acme_app");
    await admin.query("CREATE DATABASE acme_data");
    await expect(admin.query("SELECT * FROM pg_authid")).rejects.toThrow(/permission denied/);
    await admin.end();

    await client().projects.delete({ projectId }, { throwOnError: true });
    const root = new pg.Client({ connectionString: postgres.adminUrl });
    await root.connect();
    const left = await root.query(
      "SELECT rolname FROM pg_roles WHERE rolname ~ '^(acme|neondb)' UNION SELECT datname FROM pg_database WHERE datname ~ '^(acme|neondb)'",
    );
    await root.end();
    expect(left.rows).toEqual([]);
  });

  it("lists page by page, finds parts of names, and refuses what the real one refuses", async () => {
    await makeProject("acme");
    await makeProject("acme-two");
    await makeProject("other");
    const names = async (query: { limit?: number; search?: string }) =>
      (await client().projects.list(query, { throwOnError: true }).all()).map(({ name }) => name);
    expect(await names({ limit: 2 })).toEqual(["other", "acme-two", "acme"]);
    expect(await names({ search: "acme" })).toEqual(["acme-two", "acme"]);

    expect((await client().projects.create({ name: "fourth" })).error).toMatchObject({ code: "PROJECTS_LIMIT_EXCEEDED" });
    expect((await client().projects.get({ projectId: "no-such" })).error).toMatchObject({ kind: "not_found" });
    expect((await client("napi_wrong").projects.list().all()).error).toMatchObject({ kind: "auth", status: 401 });
  });

  it("fails an operation when it is told to", async () => {
    api.failNext("create_timeline");
    const projectId = await makeProject("acme");
    api.clock.advance(10_000);
    expect(await statuses(projectId)).toEqual([
      ["start_compute", "finished"],
      ["create_timeline", "failed"],
    ]);
  });
});
