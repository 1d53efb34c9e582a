import { createServer } from "node:http";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openTriggerSecret, signingSecret } from "#app";
import { type Context, createContext } from "#platform/context";
import { openSecret, sealSecret } from "#platform/envelope";
import type { RewrapReport } from "#platform/key-rotation";
import { appSigningSecrets, apps, triggers, users, workspaceDatabases, workspaceSecrets, workspaces } from "#platform/schema";
import { deleteSecret, loadSecrets, setSecret } from "#workspace";
import { MAX_BODY_BYTES, readBody } from "../../dev/http-body.ts";
import { listen } from "../../dev/listen.ts";
import { type Platform, startPlatform } from "../api/testing/platform.ts";
import { runScheduled } from "./index.ts";
import { rotateKeys } from "./rotate-keys.ts";

const key = (letter: string) => btoa(letter.repeat(32));
const OLD = `1:${key("o")}`;
const BOTH = `2:${key("n")},${OLD}`;
const NEW = `2:${key("n")}`;

const TENANTS = ["wrk_a", "wrk_b", "wrk_c", "wrk_d"];
const TABLES = ["workspace_secrets", "workspace_databases", "triggers", "app_signing_secrets"];

let platform: Platform;
/** A connection past all that is tested: it looks on, and gets in the way. */
let observer: pg.Client;

// A real server answers; how soon depends on the machine.
vi.setConfig({ testTimeout: 90_000 });

/** A Worker that starts afresh, with these keys. */
function worker(ENVELOPE_KEYS: string, SQL_GATEWAY_ORIGIN = platform.env.SQL_GATEWAY_ORIGIN): Context {
  const env = Object.assign({}, platform.env, { ENVELOPE_KEYS, SQL_GATEWAY_ORIGIN });
  return createContext(env, { waitUntil: () => undefined });
}

/** What happens around one write: before it gets to the database, while it waits there, or before its answer gets back. */
interface Meddling {
  readonly before?: () => Promise<void>;
  readonly during?: () => Promise<void>;
  readonly after?: () => Promise<void>;
}

/** Rotates over a way to the database on which something happens to the n-th write; what throws there cuts it off. */
async function rotateThrough(n: number, { before, during, after }: Meddling): Promise<RewrapReport | null> {
  let writes = 0;
  const server = createServer(async (request, response) => {
    try {
      const body = (await readBody(request, MAX_BODY_BYTES)) ?? "";
      const isIt = body.includes("UPDATE") && ++writes === n;
      if (isIt) await before?.();
      const headers = Object.entries(request.headers).filter(([name]) => name.startsWith("neon-"));
      const sent = fetch(`${platform.env.SQL_GATEWAY_ORIGIN}/sql`, {
        method: "POST",
        body,
        headers: Object.fromEntries(headers.map(([name, value]) => [name, String(value)])),
      });
      const [answer] = await Promise.all([sent, isIt ? during?.() : undefined]);
      const text = await answer.text();
      if (isIt) await after?.();
      response.writeHead(answer.status, { "content-type": "application/json" }).end(text);
    } catch {
      response.destroy();
    }
  });
  const port = await listen(server, 0);
  try {
    return await rotateKeys(worker(BOTH, `http://127.0.0.1:${port}`));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A way that ends. */
const cutOff = () => Promise.reject(new Error("cut off"));

/** Ends the connection of whoever waits to write. */
async function endWaiting(): Promise<void> {
  for (;;) {
    const { rows } = await observer.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'");
    if (rows.length > 0) return;
  }
}

beforeAll(async () => {
  platform = await startPlatform();
  observer = new pg.Client(platform.env.DATABASE_URL);
  await observer.connect();
  const { db } = worker(OLD);
  await db.insert(users).values({ id: "usr_1", name: "A", email: "a@example.test", emailVerified: false });
  await db.insert(workspaces).values(TENANTS.map((id) => ({ id, ownerUserId: "usr_1", name: id, slug: id.replace("_", "-") })));
  await db.insert(apps).values(TENANTS.map((id) => ({ id: appOf(id), workspaceId: id, slug: "app", name: "App", draft: {} })));
}, 60_000);
afterAll(async () => {
  await observer?.end();
  await platform?.stop();
});
beforeEach(() => void vi.spyOn(console, "info").mockImplementation(() => undefined));
afterEach(async () => {
  vi.restoreAllMocks();
  await observer.query("ROLLBACK");
  for (const table of TABLES) await observer.query(`DELETE FROM ${table}`);
});

const appOf = (workspaceId: string) => workspaceId.replace("wrk", "app");
const numbered = (count: number) => Array.from({ length: count }, (_, index) => index);
const rowId = (kind: string, workspaceId: string, index: number) => `${kind}_${workspaceId}_${String(index).padStart(5, "0")}`;
const nameOf = (index: number) => `s${String(index).padStart(5, "0")}`;
/** What a secret says is what it is bound to. */
const contentOf = (workspaceId: string, name: string) => `${workspaceId} ${name}`;

/** Seals `contentOf` for the columns of a row, as the service that owns it does. */
function seal(ctx: Context, resource: string, workspaceId: string, id: string, field: string) {
  return sealSecret(ctx.env, contentOf(workspaceId, id), { workspaceId, resource, id, field });
}

async function inserted<T>(rows: readonly T[], insert: (chunk: T[]) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < rows.length; start += 1000) await insert(rows.slice(start, start + 1000));
}

async function addSecrets(ctx: Context, workspaceId: string, count: number): Promise<void> {
  const rows = numbered(count).map(async (index) => {
    const { sealed, keyVersion } = await seal(ctx, "workspace_secrets", workspaceId, nameOf(index), "sealed_value");
    return { id: rowId("sec", workspaceId, index), workspaceId, name: nameOf(index), sealedValue: sealed, keyVersion };
  });
  await inserted(await Promise.all(rows), (chunk) => ctx.db.insert(workspaceSecrets).values(chunk));
}

async function addWebhooks(ctx: Context, workspaceId: string, count: number): Promise<void> {
  const rows = numbered(count).map(async (index) => {
    const id = rowId("trg", workspaceId, index);
    const { sealed: sealedSecret, keyVersion } = await seal(ctx, "triggers", workspaceId, id, "sealed_secret");
    return { id, workspaceId, appId: appOf(workspaceId), type: "webhook" as const, config: {}, token: id, sealedSecret, keyVersion };
  });
  await inserted(await Promise.all(rows), (chunk) => ctx.db.insert(triggers).values(chunk));
  // One that has no secret.
  await ctx.db.insert(triggers).values({
    id: rowId("trg", workspaceId, count),
    workspaceId,
    appId: appOf(workspaceId),
    type: "schedule",
    enabled: false,
    config: {},
  });
}

async function addSigningSecret(ctx: Context, workspaceId: string): Promise<void> {
  const appId = appOf(workspaceId);
  const { sealed: sealedSecret, keyVersion } = await seal(ctx, "app_signing_secrets", workspaceId, appId, "sealed_secret");
  await ctx.db.insert(appSigningSecrets).values({ appId, workspaceId, sealedSecret, keyVersion });
}

async function addDatabase(ctx: Context, workspaceId: string): Promise<void> {
  const [owner, runtime] = await Promise.all(
    ["sealed_owner", "sealed_runtime"].map((field) => seal(ctx, "workspace_databases", workspaceId, workspaceId, field)),
  );
  await ctx.db.insert(workspaceDatabases).values({
    workspaceId,
    provider: "postgres",
    name: `ws_${workspaceId}`,
    status: "provisioning",
    region: "auto",
    sealedOwner: owner?.sealed ?? null,
    sealedRuntime: runtime?.sealed ?? null,
    keyVersion: owner?.keyVersion ?? null,
    credentialsRevision: 3,
  });
}

/** 10,000 rows under the old key, in four tables of four tenants. */
async function addEverything(ctx: Context): Promise<void> {
  for (const workspaceId of TENANTS) {
    await addSecrets(ctx, workspaceId, 2000);
    await addWebhooks(ctx, workspaceId, 498);
    await addSigningSecret(ctx, workspaceId);
    await addDatabase(ctx, workspaceId);
  }
}

/** Every sealed field, and what it is bound to. */
const FIELDS = [
  ["workspace_secrets", "name", "sealed_value"],
  ["triggers", "id", "sealed_secret"],
  ["app_signing_secrets", "app_id", "sealed_secret"],
  ["workspace_databases", "workspace_id", "sealed_owner"],
  ["workspace_databases", "workspace_id", "sealed_runtime"],
];

/** Opens this share of all fields, in percent, and tells how many those were. Throws when one does not open, or says another thing. */
async function openRows(ctx: Context, percent: number): Promise<number> {
  const selects = FIELDS.map(
    ([table, id, field]) => `
      SELECT workspace_id AS "workspaceId", ${id} AS id, ${field} AS sealed, '${table}' AS resource, '${field}' AS field
      FROM ${table} TABLESAMPLE BERNOULLI (${percent}) WHERE ${field} IS NOT NULL`,
  );
  const { rows } = await observer.query(selects.join(" UNION ALL "));
  const opened = rows.map(({ sealed, ...binding }) => openSecret(ctx.env, sealed, binding));
  expect(await Promise.all(opened)).toEqual(rows.map((row) => contentOf(row.workspaceId, row.id)));
  return rows.length;
}

/** Rows by the version of their key, over all tables. */
async function versions(): Promise<Record<string, number>> {
  const all = TABLES.map((table) => `SELECT key_version FROM ${table} WHERE key_version IS NOT NULL`).join(" UNION ALL ");
  const { rows } = await observer.query(`SELECT key_version, count(*)::int AS n FROM (${all}) AS t GROUP BY 1`);
  return Object.fromEntries(rows.map(({ key_version, n }) => [key_version, n]));
}

describe("a rotation of the envelope keys", () => {
  it("re-wraps 10,000 secrets, however often it is interrupted, while every one of them opens", async () => {
    await addEverything(worker(OLD));
    expect(await versions()).toEqual({ "1": 10_000 });

    // Between two batches.
    await expect(rotateThrough(3, { before: cutOff })).rejects.toThrow("UPDATE");
    expect(await versions()).toEqual({ "1": 9800, "2": 200 });
    await openRows(worker(BOTH), 10);
    // In the middle of one: the database ends the connection.
    const lock = () => observer.query("BEGIN; LOCK TABLE workspace_secrets IN SHARE MODE").then(() => undefined);
    await expect(rotateThrough(4, { before: lock, during: endWaiting })).rejects.toThrow("UPDATE");
    await observer.query("ROLLBACK");
    expect(await versions()).toEqual({ "1": 9500, "2": 500 });
    await openRows(worker(BOTH), 10);
    // After one that nobody hears the outcome of.
    await expect(rotateThrough(5, { after: cutOff })).rejects.toThrow("UPDATE");
    expect(await versions()).toEqual({ "1": 9000, "2": 1000 });
    await openRows(worker(BOTH), 10);

    expect(await rotateKeys(worker(BOTH))).toEqual({ from: [1], to: 2, done: 2000, failed: 0, left: { "1": 7000 } });
    // To the end, while others read.
    let rotating = true;
    const read = (async () => {
      let opened = 0;
      while (rotating) opened += await openRows(worker(BOTH), 0.2);
      return opened;
    })();
    while ((await rotateKeys(worker(BOTH))) !== null);
    rotating = false;
    expect(await read).toBeGreaterThan(0);

    expect(await versions()).toEqual({ "2": 10_000 });
    expect(await openRows(worker(NEW), 100)).toBe(10_004);
    // Pools go on with the credentials that they have.
    const { rows } = await observer.query("SELECT DISTINCT credentials_revision FROM workspace_databases");
    expect(rows).toEqual([{ credentials_revision: 3 }]);
  });

  it("can be done by several Workers at once: each row is done by one of them", async () => {
    for (const workspaceId of TENANTS) await addSecrets(worker(OLD), workspaceId, 100);
    const reports = await Promise.all([1, 2, 3].map(() => rotateKeys(worker(BOTH))));
    expect(reports.reduce((sum, report) => sum + (report?.done ?? 0), 0)).toBe(400);
    expect(await versions()).toEqual({ "2": 400 });
    expect(await openRows(worker(NEW), 100)).toBe(400);
  });

  it("keeps what is written while it is under way, also by Workers that know the old key alone", async () => {
    await addSecrets(worker(OLD), "wrk_a", 5);
    const before = async () => {
      await setSecret(worker(OLD), "wrk_a", { name: nameOf(1), value: "by the old key" });
      await setSecret(worker(BOTH), "wrk_a", { name: nameOf(2), value: "by the new key" });
      await deleteSecret(worker(BOTH), "wrk_a", nameOf(3));
      // Somebody is about to write this one, and is not waited for.
      await observer.query("BEGIN");
      await observer.query("SELECT FROM workspace_secrets WHERE id = $1 FOR UPDATE", [rowId("sec", "wrk_a", 4)]);
    };
    expect(await rotateThrough(1, { before })).toEqual({ from: [1], to: 2, done: 1, failed: 0, left: { "1": 2 } });
    await observer.query("COMMIT");
    const kept = {
      [nameOf(0)]: contentOf("wrk_a", nameOf(0)),
      [nameOf(1)]: "by the old key",
      [nameOf(2)]: "by the new key",
      [nameOf(4)]: contentOf("wrk_a", nameOf(4)),
    };
    expect(await loadSecrets(worker(BOTH), "wrk_a")).toEqual(kept);
    expect(await rotateKeys(worker(BOTH))).toMatchObject({ done: 2, left: {} });
    expect(await loadSecrets(worker(NEW), "wrk_a")).toEqual(kept);
  });

  it("is for everything that the services seal: they open all of it with the new key alone", async () => {
    const old = worker(OLD);
    await setSecret(old, "wrk_a", { name: "token", value: "of a member" });
    await addWebhooks(old, "wrk_a", 1);
    const signs = await signingSecret(old, "wrk_a", appOf("wrk_a"));
    expect(await rotateKeys(worker(BOTH))).toEqual({ from: [1], to: 2, done: 3, failed: 0, left: {} });
    const fresh = worker(NEW);
    expect(await loadSecrets(fresh, "wrk_a")).toEqual({ token: "of a member" });
    expect(await signingSecret(fresh, "wrk_a", appOf("wrk_a"))).toBe(signs);
    const [webhook] = (await fresh.db.select().from(triggers)).filter(({ type }) => type === "webhook");
    expect(webhook && (await openTriggerSecret(fresh, webhook))).toBe(contentOf("wrk_a", rowId("trg", "wrk_a", 0)));
  });

  it("leaves what does not open as it is, says so without its content, and goes on with the rest", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const ctx = worker(OLD);
    await addSecrets(ctx, "wrk_a", 110);
    await addSecrets(ctx, "wrk_b", 10);
    await addDatabase(ctx, "wrk_a");
    const spoil = (index: number, set: string) =>
      observer.query(`UPDATE workspace_secrets SET ${set} WHERE id = $1`, [rowId("sec", "wrk_a", index)]);
    const [of] = (await observer.query("SELECT sealed_value FROM workspace_secrets WHERE id = $1", [rowId("sec", "wrk_b", 4)])).rows;
    await spoil(2, "sealed_value = 'nonsense'");
    await spoil(3, "sealed_value = overlay(sealed_value placing 'AAAA' from 30)");
    await spoil(4, `sealed_value = '${of.sealed_value}'`);
    await spoil(5, "sealed_value = replace(sealed_value, 'v1.1.', 'v1.7.'), key_version = 7");
    await observer.query("UPDATE workspace_databases SET sealed_runtime = sealed_owner");
    const spoiled = "SELECT sealed_value FROM workspace_secrets WHERE key_version <> 2 ORDER BY id";

    const report = await rotateKeys(worker(BOTH));
    expect(report).toEqual({ from: [1], to: 2, done: 116, failed: 4, left: { "1": 4, "7": 1 } });
    const { rows } = await observer.query(spoiled);
    expect(rows).toHaveLength(4);
    const lines = warn.mock.calls.map(([line]) => String(line));
    for (const index of [2, 3, 4]) expect(lines.join()).toContain(rowId("sec", "wrk_a", index));
    for (const { sealed_value } of rows) expect(lines.join()).not.toContain(sealed_value);
    expect(lines.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ to: 2, done: 116, failed: 4, left: 5, left_by_version: { "1": 4, "7": 1 } }),
    );

    // However often it is tried.
    expect(await rotateKeys(worker(BOTH))).toMatchObject({ done: 0, failed: 4, left: { "1": 4, "7": 1 } });
    expect((await observer.query(spoiled)).rows).toEqual(rows);
    await expect(loadSecrets(worker(BOTH), "wrk_a")).rejects.toThrow("sealed secret");
  });

  it("complains of a key that was taken out too early, and goes on once it is back", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    await addSecrets(worker(OLD), "wrk_a", 3);
    expect(await rotateKeys(worker(NEW))).toEqual({ from: [], to: 2, done: 0, failed: 0, left: { "1": 3 } });
    expect(warn.mock.calls.map(([line]) => JSON.parse(String(line)))).toMatchObject([{ done: 0, left: 3, left_by_version: { "1": 3 } }]);
    expect(await rotateKeys(worker(BOTH))).toMatchObject({ done: 3, left: {} });
  });

  it("does nothing, and says nothing, when everything is under the newest key", async () => {
    await addSecrets(worker(BOTH), "wrk_a", 3);
    expect(await rotateKeys(worker(BOTH))).toBeNull();
    expect(await rotateKeys(worker(NEW))).toBeNull();
    expect(console.info).not.toHaveBeenCalled();
  });

  it("goes on every minute, and says how much is left", async () => {
    await addSecrets(worker(OLD), "wrk_a", 3);
    await runScheduled(worker(BOTH), Date.parse("2026-05-01T00:01:00Z"));
    expect(await versions()).toEqual({ "2": 3 });
    expect(vi.mocked(console.info).mock.calls.map(([line]) => JSON.parse(String(line)))).toMatchObject([
      { from: [1], to: 2, done: 3, failed: 0, left: 0 },
    ]);
  });
});
