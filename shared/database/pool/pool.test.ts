import { neon } from "@neondatabase/serverless";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { auditLogs, workspaceDatabases } from "#platform/schema";
import { createWorld, type World } from "../../../tests/database/world.ts";
import { plain } from "../engines/driver.ts";
import { applySchema } from "../migrations/apply.ts";
import { executeOperation } from "../operations/execute.ts";
import { dbOperationSchema } from "../operations/operation.ts";
import { ensureDatabase, getDatabase } from "../provisioning/provision.ts";
import { type DbSchema, dbSchemaSchema } from "../schema/db-schema.ts";
import { createWorkspacePool } from "./workspace-pool.ts";

const ACME = "wrk_01acme";
const RIVAL = "wrk_02rival";
const waitUntil = () => undefined;

// A real server answers; how soon depends on the machine.
vi.setConfig({ testTimeout: 60_000 });

let world: World;

const leads: DbSchema = dbSchemaSchema.parse({
  tables: [
    {
      name: "leads",
      columns: [
        { name: "id", type: "id" },
        { name: "email", type: "text" },
        { name: "kind", type: "text" },
        { name: "message", type: "text" },
        { name: "reply", type: "text", nullable: true },
        { name: "created_at", type: "timestamp", default: "now" },
      ],
      indexes: [{ columns: ["created_at"] }],
    },
  ],
});

/** Brings a workspace's database to a schema, for the one app that it has. */
const apply = (workspaceId: string, schema: DbSchema) =>
  applySchema(world.ctx, workspaceId, { appId: `app_of_${workspaceId}`, schema, undeclared: "drop" });

const run = (workspaceId: string, schema: DbSchema, operation: unknown) =>
  executeOperation(world.ctx, workspaceId, schema, dbOperationSchema.parse(operation));

beforeAll(async () => {
  world = await createWorld();
  await Promise.all([world.addWorkspace(ACME), world.addWorkspace(RIVAL)]);
  await Promise.all([ACME, RIVAL].map((id) => world.addApp(id, `app_of_${id}`)));
}, 120_000);

afterAll(() => world?.close());

describe("provisioning", () => {
  it("makes one database and two roles, however often and however many ask", async () => {
    expect(await getDatabase(world.ctx, ACME)).toBeNull();
    await Promise.all([ensureDatabase(world.ctx, ACME), ensureDatabase(world.ctx, ACME)]);
    await ensureDatabase(world.ctx, ACME);

    const admin = neon(world.adminUrls.postgres);
    expect(await admin.query("SELECT datname FROM pg_database WHERE datname LIKE 'ws%'")).toEqual([{ datname: `ws_${ACME}` }]);
    const roles = await admin.query(
      "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname LIKE 'ws%' ORDER BY 1",
    );
    const powerless = { rolsuper: false, rolcreatedb: false, rolcreaterole: false };
    expect(roles).toEqual(["owner", "runtime"].map((role) => ({ rolname: `ws_${ACME}_${role}`, ...powerless })));
    expect(await getDatabase(world.ctx, ACME)).toMatchObject({
      provider: "postgres",
      name: `ws_${ACME}`,
      status: "ready",
      region: "weur",
      error: null,
    });
    const audit = await world.ctx.db.select().from(auditLogs).where(eq(auditLogs.workspaceId, ACME)).orderBy(auditLogs.id);
    expect(audit).toMatchObject([
      { action: "database.requested", actorId: "usr_1", targetId: `ws_${ACME}` },
      { action: "database.provisioned", actorId: "database-pool", targetId: `ws_${ACME}` },
    ]);
    expect(JSON.stringify(audit)).not.toMatch(/password|sealed/);
  });

  it("goes on after a crash at any step, also in two places at once", async () => {
    const { driver } = world.engines.postgres;
    // What a crash leaves behind: the row, a role with another password, and no database.
    await world.ctx.db.insert(workspaceDatabases).values({
      workspaceId: RIVAL,
      provider: "postgres",
      name: `ws_${RIVAL}`,
      status: "provisioning",
      region: "weur",
    });
    await driver.command(world.adminUrls.postgres, `CREATE ROLE "ws_${RIVAL}_owner" LOGIN PASSWORD 'left behind'`);
    const elsewhere = createWorkspacePool(world.env, waitUntil);
    const [reply] = await Promise.all([elsewhere.provision(RIVAL, "create"), ensureDatabase(world.ctx, RIVAL)]);
    expect(reply).toEqual({ ok: true, value: true });
    expect(await getDatabase(world.ctx, RIVAL)).toMatchObject({ status: "ready" });
    await apply(RIVAL, leads);
    expect(await run(RIVAL, leads, { operation: "count", table: "leads" })).toEqual({ rows: [], count: 0 });
  });

  it("keeps why it failed, without addresses, and can be tried again", async () => {
    await world.addWorkspace("wrk_03broken");
    world.pools.set(
      "wrk_03broken",
      createWorkspacePool({ ...world.env, WORKSPACE_DATABASE_ADMIN_URL: "postgresql://x:y@127.0.0.1:1/postgres" }, waitUntil),
    );
    await expect(ensureDatabase(world.ctx, "wrk_03broken")).rejects.toMatchObject({ code: "database_unavailable" });
    const failed = await getDatabase(world.ctx, "wrk_03broken");
    expect(failed).toMatchObject({ status: "failed", error: "The workspace's database cannot be reached." });
    world.pools.delete("wrk_03broken");
    await ensureDatabase(world.ctx, "wrk_03broken");
    expect(await getDatabase(world.ctx, "wrk_03broken")).toMatchObject({ status: "ready", error: null });
  });

  it("refuses a workspace that does not exist, and an operation before there is a database", async () => {
    await expect(ensureDatabase(world.ctx, "wrk_04nobody")).rejects.toMatchObject({ code: "not_found" });
    await expect(run("wrk_04nobody", leads, { operation: "count", table: "leads" })).rejects.toMatchObject({ code: "not_found" });
    await world.addWorkspace("wrk_04none");
    await expect(run("wrk_04none", leads, { operation: "count", table: "leads" })).rejects.toMatchObject({ code: "invalid_state" });
  });

  it("makes nothing for a schema without tables", async () => {
    await world.addWorkspace("wrk_05idle");
    await apply("wrk_05idle", { tables: [] });
    expect(await getDatabase(world.ctx, "wrk_05idle")).toBeNull();
  });
});

describe("privileges", () => {
  it.each([
    'CREATE TABLE "mine" (x int)',
    "CREATE TEMPORARY TABLE mine (x int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "DROP TABLE leads",
    "TRUNCATE leads",
    "ALTER TABLE leads ADD COLUMN x int",
    "CREATE INDEX ON leads (kind)",
    "CREATE ROLE mallory",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY leads TO PROGRAM 'cat'",
  ])("the runtime role may not: %s", async (statement) => {
    await apply(ACME, leads);
    const sql = neon(await world.addressOf(ACME, "runtime"));
    await expect(sql.query(statement)).rejects.toMatchObject({ code: "42501" });
  });

  it.each(["owner", "runtime"] as const)("another workspace's %s role may not even connect", async (role) => {
    const url = new URL(await world.addressOf(RIVAL, role));
    url.pathname = `/ws_${ACME}`;
    await expect(neon(url.href).query("SELECT 1")).rejects.toMatchObject({ code: "42501" });
  });

  it("gives the runtime role limits that hold from its first statement", async () => {
    const sql = neon(await world.addressOf(ACME, "runtime"));
    const settings = "SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock";
    expect(await sql.query(settings)).toEqual([{ statement: "10s", lock: "5s" }]);
  });
});

describe("operations", () => {
  const insert = (values: unknown) => run(ACME, leads, { operation: "insert", table: "leads", values });

  it("files a lead and finds it", async () => {
    const { rows, count } = await insert({ email: "v@example.com", kind: "sales", message: "how much?", reply: "much" });
    expect(count).toBe(1);
    const [row] = rows;
    expect(row).toMatchObject({ email: "v@example.com", kind: "sales", message: "how much?", reply: "much" });
    expect(row?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(row?.created_at).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
    expect(await run(ACME, leads, { operation: "select", table: "leads", where: { id: row?.id } })).toEqual({ rows: [row], count: 1 });
  });

  it("keeps values values, whatever they say", async () => {
    const message = "'); DROP TABLE leads; -- \\ \" $1 %";
    const { rows } = await insert({ email: "x", kind: "odd", message });
    const found = await run(ACME, leads, { operation: "select", table: "leads", where: { message } });
    expect(found).toEqual({ rows, count: 1 });
  });

  it("counts every changed row and returns at most 1000", async () => {
    const values = Array.from({ length: 1000 }, (_, index) => ({ email: `${index}`, kind: "bulk", message: "m" }));
    await insert(values);
    await insert(values.slice(0, 500));
    const updated = await run(ACME, leads, { operation: "update", table: "leads", values: { reply: "r" }, where: { kind: "bulk" } });
    expect(updated.count).toBe(1500);
    expect(updated.rows).toHaveLength(1000);
    const order_by = [{ column: "email", direction: "desc" }];
    const page = await run(ACME, leads, { operation: "select", table: "leads", where: { kind: "bulk" }, order_by, limit: 2, offset: 2 });
    expect(page.rows.map((row) => row.email)).toEqual(["997", "996"]);
    expect(await run(ACME, leads, { operation: "delete", table: "leads", where: { kind: "bulk" } })).toMatchObject({ count: 1500 });
    expect(await run(ACME, leads, { operation: "delete", table: "leads", where: { kind: "bulk" } })).toEqual({ rows: [], count: 0 });
  });

  it("runs the author's own statement with parameters", async () => {
    const sql = "SELECT kind, count(*) AS n FROM leads WHERE kind = $1 GROUP BY kind -- all";
    expect(await run(ACME, leads, { operation: "sql", sql, params: ["sales"] })).toEqual({ rows: [{ kind: "sales", n: 1 }], count: 1 });
  });

  it.each([
    ["two statements", "SELECT 1; SELECT 2", "validation_failed"],
    ["a setting", "SET statement_timeout = 0", "validation_failed"],
    ["its own role", "ALTER ROLE CURRENT_USER PASSWORD 'x'", "validation_failed"],
    ["a table made by a query", "SELECT 1 AS x INTO mine", "forbidden"],
    ["the server's passwords", "SELECT rolpassword FROM pg_authid", "forbidden"],
    ["an unknown table", "SELECT * FROM nowhere", "validation_failed"],
    ["nonsense", "SELECT FROM WHERE", "validation_failed"],
    ["more than 1000 rows", "SELECT generate_series(1, 1001)", "payload_too_large"],
    ["more than a mebibyte", "SELECT repeat('x', 1048577)", "payload_too_large"],
    ["more than memory takes", "SELECT repeat('x', 20000000)", "payload_too_large"],
  ])("refuses %s", async (_, sql, code) => {
    await expect(run(ACME, leads, { operation: "sql", sql })).rejects.toMatchObject({ code });
  });

  it("is protected from several statements by the protocol as well", async () => {
    const address = await world.addressOf(ACME, "runtime");
    const asked = world.engines.postgres.driver.run(address, plain("SELECT 1; DELETE FROM leads"));
    await expect(asked).rejects.toMatchObject({ code: "42601" });
  });

  it("stops a statement at the server when the run stops", async () => {
    const reason = new Error("the run was cancelled");
    const operation = dbOperationSchema.parse({ operation: "sql", sql: "SELECT pg_sleep(9.5)" });
    const controller = new AbortController();
    const pending = executeOperation(world.ctx, ACME, leads, operation, { signal: controller.signal });
    const active = async () => {
      const sql = "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%sleep(9.5)%' AND pid <> pg_backend_pid()";
      return (await world.engines.postgres.driver.run(world.adminUrls.postgres, plain(sql))).rows;
    };
    await expect.poll(active).toHaveLength(1);
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
    await expect.poll(active).toEqual([]);
  });
});
