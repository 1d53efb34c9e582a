import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neon as neonDriver } from "@neondatabase/serverless";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { dieAt, killedEverywhere, type Moment } from "../../../dev/killed-calls.ts";
import { type NeonApi, startNeonApi } from "../../../dev/neon-api/server.ts";
import type { PostgresServer } from "../../../dev/postgres/server.ts";
import { type SqlGateway, startSqlGateway } from "../../../dev/sql-gateway/server.ts";
import { startTestPostgres } from "../../../tests/database/prepared-servers.ts";
import { createNeonDriver } from "../engines/postgres/neon-driver.ts";
import { createNeonProvider, type NeonOptions } from "./neon-provider.ts";
import { createPostgresRoles, type PostgresRoles } from "./postgres-roles.ts";
import type { DatabaseTarget, Entry, Provider } from "./provider.ts";

const API_KEY = "napi_secret";
/** Longer than any operation of the double runs, in milliseconds. */
const WHILE = 10_000;

vi.setConfig({ testTimeout: 60_000 });

let directory: string;
let postgres: PostgresServer;
let gateway: SqlGateway;
let roles: PostgresRoles;
let api: NeonApi;
let provider: Provider;
let count = 0;

/** Time at the provider is time at Neon: waiting lets it pass. */
function options(more: Partial<NeonOptions> = {}): NeonOptions {
  const wait = async (milliseconds: number) => api.clock.advance(milliseconds);
  const random = { float: () => 0.5, bytes: (length: number) => new Uint8Array(length) };
  return { apiKey: API_KEY, baseUrl: api.baseUrl, roles, clock: api.clock, random, wait, ...more };
}

function newTarget(region = "weur"): DatabaseTarget {
  count += 1;
  return { name: `ws_wrk_${String(count).padStart(4, "0")}`, region, reference: null };
}

const draft = (generation: number) => ({ generation, password: `${generation}`.repeat(32) });
const named = (target: DatabaseTarget) => api.projects().filter(({ name }) => name === target.name);

/** A target that is ready to be entered. */
async function readyTarget(): Promise<DatabaseTarget> {
  const target = newTarget();
  const made = { ...target, ...(await provider.create(target)) };
  api.clock.advance(WHILE);
  return made;
}

/** Rows of a statement, on a connection of its own. Rejects when the entry is refused. */
async function queryPostgres(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

const query = (target: DatabaseTarget, entry: Entry, text: string) => queryPostgres(provider.address(target, entry), text);

/** What the server holds of a target, however it came about. */
async function existing({ name }: DatabaseTarget): Promise<unknown> {
  const databases = `SELECT count(*)::int FROM pg_database WHERE starts_with(datname, '${name}')`;
  const logins = `SELECT count(*)::int FROM pg_roles WHERE starts_with(rolname, '${name}') AND rolcanlogin`;
  return (await queryPostgres(postgres.adminUrl, `SELECT (${databases}) AS databases, (${logins}) AS roles`))[0];
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "neon-provider-"));
  [postgres, gateway] = await Promise.all([startTestPostgres(directory), startSqlGateway({ port: 0 })]);
  roles = createPostgresRoles(createNeonDriver({ SQL_GATEWAY_ORIGIN: gateway.origin }));
}, 120_000);

beforeEach(async () => {
  api = await startNeonApi({ port: 0, apiKey: API_KEY, adminUrl: postgres.adminUrl, time: "manual", projectsLimit: 1000 });
  provider = createNeonProvider(options());
  return () => api.close();
});

afterAll(async () => {
  await gateway?.close();
  await postgres?.stop();
  await rm(directory, { recursive: true, force: true });
});

describe("a database at Neon", () => {
  it("is made, entered, rotated, suspended, resumed and destroyed, each step as often as one likes", async () => {
    const target = newTarget();
    expect(await provider.status(target)).toBe("absent");
    const { reference } = await provider.create(target);
    expect(await provider.create(target)).toEqual({ reference });
    const known = { ...target, reference };
    expect(await provider.status(known)).toBe("pending");
    api.clock.advance(WHILE);
    expect(await provider.status(known)).toBe("ready");
    expect(await provider.status(target)).toBe("ready");
    expect(named(target)).toHaveLength(1);

    const owner = await provider.issue(known, "owner", draft(1));
    await query(known, owner, "CREATE TABLE leads (id int)");
    const first = await provider.issue(known, "runtime", draft(1));
    expect(await provider.issue(known, "runtime", draft(1))).toEqual(first);
    await query(known, first, "INSERT INTO leads VALUES (1)");
    await expect(query(known, first, "CREATE TABLE mine (id int)")).rejects.toThrow(/permission denied/);
    expect(await neonDriver(provider.address(known, first)).query("SELECT id FROM leads")).toEqual([{ id: 1 }]);

    const second = await provider.issue(known, "runtime", draft(2));
    expect(await query(known, first, "SELECT id FROM leads")).toEqual([{ id: 1 }]);
    expect(await query(known, second, "SELECT id FROM leads")).toEqual([{ id: 1 }]);
    await provider.revokeOthers(known, "runtime", 2);
    await provider.revokeOthers(known, "runtime", 2);
    await expect(query(known, first, "SELECT 1")).rejects.toThrow(/authentication failed/);
    expect(await query(known, second, "SELECT id FROM leads")).toEqual([{ id: 1 }]);

    await provider.suspend(known);
    await provider.suspend(known);
    expect(await provider.status(known)).toBe("suspended");
    await expect(query(known, second, "SELECT 1")).rejects.toThrow(/not permitted to log in/);
    await provider.resume(known);
    await provider.resume(known);
    expect(await provider.status(known)).toBe("ready");
    expect(await query(known, second, "SELECT id FROM leads")).toEqual([{ id: 1 }]);

    await provider.destroy(known);
    await provider.destroy(known);
    expect(await provider.status(known)).toBe("absent");
    expect(await existing(target)).toEqual({ databases: 0, roles: 0 });
    await expect(query(known, owner, "SELECT 1")).rejects.toThrow();
    await expect(provider.issue(known, "owner", draft(2))).rejects.toMatchObject({ code: "database_unavailable" });
  });

  it("lies in the workspace's part of the world, and nowhere when that is not known", async () => {
    const [here, there] = [newTarget("weur"), newTarget("oc")];
    await provider.create(here);
    await provider.create(there);
    expect(named(here)).toEqual([{ name: here.name, region: "aws-eu-central-1" }]);
    expect(named(there)).toEqual([{ name: there.name, region: "aws-ap-southeast-2" }]);
    const nowhere = newTarget("moon");
    await expect(provider.create(nowhere)).rejects.toMatchObject({ code: "database_unavailable" });
    expect(named(nowhere)).toHaveLength(0);
  });

  it("is found among hundreds whose names contain its own, which are left alone", async () => {
    const [target, another] = [newTarget(), newTarget()];
    for (const { name } of [target, another]) api.addProject(`${name}_older`);
    api.addProject(target.name);
    for (let index = 0; index < 500; index += 1) api.addProject(`${target.name}_${index}`);
    await provider.create(target);
    expect(named(target)).toHaveLength(1);
    expect(await provider.status(another)).toBe("absent");
    await provider.create(another);
    expect(named(another)).toHaveLength(1);
    await provider.destroy(target);
    expect(named(target)).toHaveLength(0);
    expect(api.projects()).toHaveLength(503);
  });

  it("is destroyed whole: without its reference, and with a project that was left behind", async () => {
    const target = await readyTarget();
    api.addProject(target.name);
    await provider.destroy({ ...target, reference: null });
    expect(named(target)).toHaveLength(0);
    const again = await readyTarget();
    api.addProject(again.name);
    await provider.destroy(again);
    expect(named(again)).toHaveLength(0);
  });

  it("is one, however many ask at once", async () => {
    const target = newTarget();
    const references = await Promise.all(Array.from({ length: 4 }, () => provider.create(target)));
    expect(new Set(references.map(({ reference }) => reference)).size).toBe(1);
    expect(named(target)).toHaveLength(1);
  });
});

describe.each<Moment>(["before", "after"])("killed at any request, %s its effect", (when) => {
  it("makes one project", async () => {
    for (const k of [1, 2, 3]) {
      const target = newTarget();
      api.interfere(dieAt(k, when));
      await expect(provider.create(target)).rejects.toMatchObject({ code: "upstream_unavailable" });
      api.interfere(null);
      const { reference } = await provider.create(target);
      expect(await provider.status({ ...target, reference })).not.toBe("absent");
      expect(named(target)).toHaveLength(1);
    }
  });

  it("leaves one database and two entries, and then nothing", async () => {
    const target = await readyTarget();
    expect(await killedEverywhere(api, when, () => provider.status(target))).toBe("ready");
    const owner = await killedEverywhere(api, when, () => provider.issue(target, "owner", draft(1)));
    await killedEverywhere(api, when, () => provider.issue(target, "runtime", draft(1)));
    const runtime = await killedEverywhere(api, when, () => provider.issue(target, "runtime", draft(2)));
    await killedEverywhere(api, when, () => provider.revokeOthers(target, "runtime", 2));
    expect(named(target)).toHaveLength(1);
    expect(await existing(target)).toEqual({ databases: 1, roles: 2 });
    await query(target, owner, "CREATE TABLE leads (id int)");
    expect(await query(target, runtime, "SELECT id FROM leads")).toEqual([]);

    await killedEverywhere(api, when, () => provider.suspend(target));
    expect(await provider.status(target)).toBe("suspended");
    await killedEverywhere(api, when, () => provider.resume(target));
    expect(await provider.status(target)).toBe("ready");
    await killedEverywhere(api, when, () => provider.destroy(target));
    expect(named(target)).toHaveLength(0);
    expect(await existing(target)).toEqual({ databases: 0, roles: 0 });
  });
});

describe("what Neon does instead of answering", () => {
  it.each<Moment>(["before", "after"])("one lost connection or 5xx, %s the effect: the call comes through by itself", async (when) => {
    for (const answer of [undefined, { status: 503, body: { code: "", message: "unavailable" } }]) {
      const target = newTarget();
      api.interfere(({ method, number }) => (method === "POST" && number === 2 ? { when, ...(answer ? { answer } : {}) } : null));
      await provider.create(target);
      expect(named(target)).toHaveLength(1);
    }
  });

  it("423 while it works on the project: waits for it", async () => {
    const target = newTarget();
    const { reference } = await provider.create(target);
    await provider.destroy({ ...target, reference });
    expect(named(target)).toHaveLength(0);
  });

  it("429: comes back when it is told to, or leaves it to its caller when that is too late", async () => {
    const answer = { status: 429, body: { code: "", message: "too many requests" } };
    const waits: number[] = [];
    const wait = async (milliseconds: number) => {
      waits.push(milliseconds);
      api.clock.advance(milliseconds);
    };
    provider = createNeonProvider(options({ wait }));
    api.interfere(({ number }) => (number === 1 ? { when: "before", answer: { ...answer, retryAfter: "7" } } : null));
    await provider.create(newTarget());
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(7000);

    api.interfere(() => ({ when: "before", answer: { ...answer, retryAfter: "600" } }));
    await expect(provider.create(newTarget())).rejects.toMatchObject({ code: "upstream_unavailable", retryAfter: 600 });
    expect(api.seen).toHaveLength(1);

    const later = new Date(api.clock.now() + 5000).toUTCString();
    api.interfere(({ number }) => (number === 1 ? { when: "before", answer: { ...answer, retryAfter: later } } : null));
    await provider.create(newTarget());
    expect(waits.at(-1)).toBeGreaterThanOrEqual(4000);
  });

  it("the project cannot be finished: says so, and lets it be made anew", async () => {
    const target = newTarget();
    api.failNext("start_compute");
    const { reference } = await provider.create(target);
    api.clock.advance(WHILE);
    await expect(provider.status({ ...target, reference })).rejects.toMatchObject({
      code: "database_unavailable",
      message: "Neon could not finish the project (start_compute failed).",
    });
    await provider.destroy({ ...target, reference });
    const again = { ...target, ...(await provider.create(target)) };
    api.clock.advance(WHILE);
    expect(await provider.status(again)).toBe("ready");
    expect(named(target)).toHaveLength(1);
  });

  it("a limit, a wrong key, a list cut short or an answer out of the ordinary: clear, without secrets, and asked once", async () => {
    await api.close();
    api = await startNeonApi({ port: 0, apiKey: API_KEY, adminUrl: postgres.adminUrl, time: "manual", projectsLimit: 1 });
    provider = createNeonProvider(options());
    await provider.create(newTarget());
    api.interfere(null);
    await expect(provider.create(newTarget())).rejects.toMatchObject({
      code: "database_unavailable",
      message: "Neon makes no further database: a limit of the account is reached (PROJECTS_LIMIT_EXCEEDED).",
    });
    expect(api.seen).toHaveLength(2);

    const stranger = createNeonProvider(options({ apiKey: "napi_wrong" }));
    const refused = await stranger.create(newTarget()).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "database_unavailable", message: "Neon does not accept this deployment's credentials." });
    expect(JSON.stringify(refused)).not.toContain("napi_");

    api.interfere(() => ({ when: "before", answer: { status: 200, body: { projects: [], unavailable_project_ids: ["late-river-1"] } } }));
    await expect(provider.create(newTarget())).rejects.toMatchObject({ code: "upstream_unavailable" });
    expect(api.seen.every(({ method }) => method === "GET")).toBe(true);

    api.interfere(() => ({ when: "before", answer: { status: 200, body: { projects: "none" } } }));
    await expect(provider.create(newTarget())).rejects.toMatchObject({ message: "Neon answered in a way that is not understood." });
    expect(api.seen).toHaveLength(1);
  });
});
