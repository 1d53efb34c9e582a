import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { makeLeads } from "../../../tests/database/leads.ts";
import { createWorld, ENGINES, type World } from "../../../tests/database/world.ts";
import { executeOperation } from "../operations/execute.ts";
import type { EngineName } from "../providers/provider.ts";
import { insertRow, readRows, runReadQuery } from "./rows.ts";

// Real servers answer; how soon depends on the machine.
vi.setConfig({ testTimeout: 60_000 });

const acme = (engine: EngineName) => `wrk_01${engine}`;
const rival = (engine: EngineName) => `wrk_02${engine}`;

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await Promise.all(ENGINES.flatMap((engine) => [acme, rival].map((idOf) => makeLeads(world, idOf(engine), engine))));
}, 120_000);
afterAll(() => world?.close());

const asNode = (workspaceId: string, sql: string) => executeOperation(world.ctx, workspaceId, { tables: [] }, { operation: "sql", sql });
const asQuery = (workspaceId: string, sql: string) => runReadQuery(world.ctx, workspaceId, { sql });
const asFilter = (workspaceId: string, filter: Record<string, unknown>) =>
  readRows(world.ctx, workspaceId, { table: "leads", direction: "asc", limit: 10, filter });

const SLEEP = { postgres: "SELECT pg_sleep(60)", mysql: "SELECT SLEEP(60)" } as const;

/** Refused alike wherever they come in. */
const REFUSED: Readonly<Record<EngineName, readonly (readonly [what: string, sql: string, code: string])[]>> = {
  postgres: [
    ["a table's making", "CREATE TABLE mine (x int)", "validation_failed"],
    ["a table's end", "DROP TABLE leads", "validation_failed"],
    ["TRUNCATE", "TRUNCATE leads", "validation_failed"],
    ["two statements", "SELECT 1; DELETE FROM leads", "validation_failed"],
    ["a second statement behind a comment", "SELECT 1 /* ; */ ; /* */ DROP TABLE leads", "validation_failed"],
    ["a program", "COPY leads TO PROGRAM 'cat'", "validation_failed"],
    ["a block of code", "DO $$ BEGIN DELETE FROM leads; END $$", "validation_failed"],
    ["another database", `SELECT * FROM "ws_wrk_02postgres".public.leads`, "validation_failed"],
    ["a table made by a query", "SELECT 1 AS x INTO mine", "forbidden"],
    ["the server's passwords", "SELECT rolpassword FROM pg_authid", "forbidden"],
    ["the server's passwords by a view", "SELECT passwd FROM pg_shadow", "forbidden"],
    ["a file", "SELECT pg_read_file('/etc/passwd')", "forbidden"],
    ["a directory", "SELECT pg_ls_dir('/')", "forbidden"],
    ["a file as a large object", "SELECT lo_import('/etc/passwd')", "forbidden"],
    ["another's session", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'", "forbidden"],
  ],
  mysql: [
    ["a table's making", "CREATE TABLE mine (x int)", "validation_failed"],
    ["a table's end", "DROP TABLE leads", "validation_failed"],
    ["TRUNCATE", "TRUNCATE leads", "validation_failed"],
    ["two statements", "SELECT 1; DELETE FROM leads", "validation_failed"],
    ["a second statement in a comment that the server runs", "SELECT 1 /*! ; DELETE FROM leads */", "validation_failed"],
    ["a procedure", "CALL mysql.rds_kill(1)", "validation_failed"],
    ["another database", "SELECT * FROM ws_wrk_02mysql.leads", "forbidden"],
    ["the server's passwords", "SELECT authentication_string FROM mysql.user", "forbidden"],
    ["a file", "SELECT LOAD_FILE('/etc/passwd')", "forbidden"],
    ["a file in a comment that the server runs", "SELECT /*!50000 load_file */ ('/etc/passwd')", "forbidden"],
    ["writing a file", "SELECT 1 INTO OUTFILE '/tmp/mine'", "forbidden"],
    ["dumping to a file", "SELECT 1 INTO /* */ DUMPFILE '/tmp/mine'", "forbidden"],
  ],
};

/** Refused only where nothing may be changed. */
const CHANGING: Readonly<Record<EngineName, readonly string[]>> = {
  postgres: [
    "DELETE FROM leads",
    "INSERT INTO teams VALUES (gen_random_uuid(), 'x')",
    "WITH gone AS (DELETE FROM leads RETURNING *) SELECT * FROM gone",
    "WITH x AS (SELECT 1) DELETE FROM leads",
    "SELECT * FROM leads FOR UPDATE",
    "SELECT lo_create(0)",
    "SELECT set_config('transaction_read_only', 'off', true)",
  ],
  mysql: [
    "DELETE FROM leads",
    "REPLACE INTO teams VALUES (UUID(), 'x')",
    "WITH x AS (SELECT 1) DELETE FROM leads",
    "WITH gone AS (DELETE FROM leads RETURNING *) SELECT * FROM gone",
  ],
};

describe.each(ENGINES)("on %s", (engine) => {
  it.each(REFUSED[engine])("%s is refused to db nodes and to queries", async (_, sql, code) => {
    await expect(asNode(acme(engine), sql)).rejects.toMatchObject({ code });
    await expect(asQuery(acme(engine), sql)).rejects.toMatchObject({ code });
  });

  it.each(CHANGING[engine])("%s is refused to queries, and changes nothing", async (sql) => {
    const row = await insertRow(world.ctx, acme(engine), "leads", { email: sql, kind: sql });
    await expect(asQuery(acme(engine), sql)).rejects.toMatchObject({ code: "forbidden" });
    expect((await asFilter(acme(engine), { email: sql })).rows).toEqual([row]);
  });

  it("a filter is conditions of columns and their values, whatever these say", async () => {
    for (const sql of [SLEEP[engine], "' OR 1=1 --", "\\' OR 1=1 -- ", '" OR 1=1'])
      for (const filter of [{ email: sql }, { email: { in: [sql] } }, { email: { gte: sql, lte: sql } }])
        expect(await asFilter(acme(engine), filter)).toEqual({ rows: [], next_cursor: null });
    const faulty = [
      { "1=1 OR email": 1 },
      { 'email" OR "1': 1 },
      { "email` OR `1": 1 },
      { email: { "= '' OR": 1 } },
      { email: { sql: SLEEP[engine] } },
    ];
    for (const filter of faulty) await expect(asFilter(acme(engine), filter)).rejects.toMatchObject({ code: "validation_failed" });
  });

  it("answers are no larger than the isolate can hold", async () => {
    const rows =
      engine === "postgres"
        ? "SELECT generate_series(1, 1001)"
        : "SELECT 1 FROM information_schema.COLLATIONS a, information_schema.COLLATIONS b";
    const bytes = engine === "postgres" ? "SELECT repeat('x', 20000000)" : "SELECT repeat('x', 12000000)";
    for (const sql of [rows, bytes]) {
      await expect(asNode(acme(engine), sql)).rejects.toMatchObject({ code: "payload_too_large" });
      await expect(asQuery(acme(engine), sql)).rejects.toMatchObject({ code: "payload_too_large" });
    }
  });
});
