import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createContext } from "#platform/context";
import { createWorld, ENGINES, type World } from "../../../tests/database/world.ts";
import { plain } from "../engines/driver.ts";
import { type DbOperation, dbOperationSchema } from "../operations/operation.ts";
import type { EngineName } from "../providers/provider.ts";
import { ensureDatabase } from "../provisioning/provision.ts";
import { Provisioner } from "../provisioning/provisioner.ts";
import { dbSchemaSchema } from "../schema/db-schema.ts";
import { WorkspacePool } from "./pool.ts";

// A real server answers; how soon depends on the machine.
vi.setConfig({ testTimeout: 60_000 });

const WORKSPACES = { postgres: "wrk_01elephant", mysql: "wrk_02dolphin" } as const;

const schema = dbSchemaSchema.parse({
  tables: [
    {
      name: "things",
      columns: [
        { name: "id", type: "id" },
        { name: "name", type: "text", unique: true },
        { name: "note", type: "text", nullable: true },
        { name: "whole", type: "integer", nullable: true },
        { name: "part", type: "number", nullable: true },
        { name: "flag", type: "boolean", nullable: true },
        { name: "data", type: "json", nullable: true },
        { name: "at", type: "timestamp", nullable: true },
      ],
      indexes: [{ columns: ["whole", "flag"], unique: true }],
    },
  ],
});

const TABLES: Readonly<Record<EngineName, string>> = {
  postgres: `CREATE TABLE things (id uuid PRIMARY KEY, name text NOT NULL UNIQUE, note text, whole bigint, part double precision,
    flag boolean, data jsonb, at timestamp(3) with time zone, UNIQUE (whole, flag))`,
  mysql: `CREATE TABLE things (id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, name VARCHAR(768) NOT NULL UNIQUE, note LONGTEXT,
    whole BIGINT, part DOUBLE, flag TINYINT(1), data JSON, at DATETIME(3), UNIQUE (whole, flag))`,
};

let world: World;
const pools = new Map<EngineName, WorkspacePool>();

/** A pool whose ids are the same on every engine. */
function predictablePool(engine: EngineName): WorkspacePool {
  let drawn = 0;
  const random = { bytes: (length: number) => Uint8Array.from({ length }, () => ++drawn % 251), float: () => 0.5 };
  const ctx = createContext(world.env, { clock: { now: () => 1_790_000_000_000 + drawn }, random, waitUntil: () => undefined });
  const { engines, providers } = world;
  const pool = new WorkspacePool({ ctx, size: 8, provisioner: new Provisioner({ ctx, engines, providers }) });
  pools.set(engine, pool);
  return pool;
}

async function run(engine: EngineName, operation: unknown) {
  const parsed: DbOperation = dbOperationSchema.parse(operation);
  return (pools.get(engine) ?? predictablePool(engine)).execute(WORKSPACES[engine], { schema, operation: parsed });
}

/** What every engine answers alike. */
async function onEach(operation: unknown): Promise<unknown> {
  const answers = await Promise.all(ENGINES.map((engine) => run(engine, { table: "things", ...Object(operation) })));
  const [first, ...others] = answers.map((answer) => JSON.stringify(answer));
  for (const other of others) expect(other).toBe(first);
  return answers[0];
}

const rows = async (operation: unknown) => {
  const answer = await onEach(operation);
  expect(answer).toMatchObject({ ok: true });
  return (answer as { value: { rows: Record<string, unknown>[]; count: number } }).value;
};

beforeAll(async () => {
  world = await createWorld();
  await Promise.all(
    ENGINES.map(async (engine) => {
      await world.addWorkspace(WORKSPACES[engine]);
      await ensureDatabase(world.ctx, WORKSPACES[engine], engine);
      await world.engines[engine].driver.command(await world.addressOf(WORKSPACES[engine], "owner"), TABLES[engine]);
    }),
  );
}, 120_000);

afterAll(() => world?.close());

const odd = "𝔘nicode 🦄 '\"\\%_`; -- $1 ? \n\t";

describe("a db node's operations are the same on every engine", () => {
  it("keeps every kind of value", async () => {
    const values = [
      {
        name: odd,
        note: odd,
        whole: "9007199254740993",
        part: 0.1,
        flag: true,
        data: { bb: [1, null, { z: 1, y: "é" }], a: odd },
        at: "2026-01-02T03:04:05.678+02:00",
      },
      { name: "least", whole: "-9223372036854775808", part: -1.5e-300, flag: false, data: [], at: "1999-12-31" },
      { name: "bare " },
      { name: "bare", note: "", whole: 0, part: 0, data: "text" },
    ];
    const inserted = await rows({ operation: "insert", values });
    expect(inserted.count).toBe(4);
    expect(inserted.rows[0]).toMatchObject({ ...values[0], at: "2026-01-02T01:04:05.678Z" });
    expect(inserted.rows[2]).toMatchObject({ name: "bare ", note: null, whole: null, flag: null, data: null, at: null });
    const found = await rows({ operation: "select", order_by: [{ column: "name" }] });
    expect(found.rows.map((row) => row["name"])).toEqual(["bare", "bare ", "least", odd]);
  });

  it.each([
    [{ name: "bare" }, 1],
    [{ name: "BARE" }, 0],
    [{ note: { is_null: true } }, 2],
    [{ whole: "9007199254740993" }, 1],
    [{ whole: "9007199254740992" }, 0],
    [{ whole: { lte: 0 } }, 2],
    [{ part: { gt: 0.05 } }, 1],
    [{ flag: { ne: true } }, 3],
    [{ flag: { in: [true, false] } }, 2],
    [{ data: { eq: [] } }, 1],
    [{ data: { eq: { a: odd, bb: [1, null, { y: "é", z: 1 }] } } }, 1],
    [{ data: "text" }, 1],
    [{ at: "2026-01-02T01:04:05.678Z" }, 1],
    [{ at: { lt: "2026-01-01" } }, 1],
    [{ name: { like: "bare%" } }, 2],
    [{ name: { like: "B%" } }, 0],
    [{ name: { like: "%\\%\\_`%" } }, 1],
    [{ name: { in: [] } }, 0],
  ])("finds %j", async (where, count) => {
    expect(await rows({ operation: "count", where })).toEqual({ rows: [], count });
    expect((await rows({ operation: "select", where, order_by: [{ column: "id" }] })).count).toBe(count);
  });

  it("orders rows without a value last, and first when the order is turned round", async () => {
    const names = async (direction: string) =>
      (await rows({ operation: "select", order_by: [{ column: "whole", direction }] })).rows.map((row) => row["name"]);
    expect(await names("asc")).toEqual(["least", "bare", odd, "bare "]);
    expect(await names("desc")).toEqual(["bare ", odd, "bare", "least"]);
  });

  it("gives changed rows back by their ids, with the count of all", async () => {
    const changed = await rows({ operation: "update", values: { note: "changed" }, where: { name: { like: "bare%" } } });
    expect(changed).toMatchObject({ count: 2, rows: [{ note: "changed" }, { note: "changed" }] });
    // What has the value already counts as well.
    expect(await rows({ operation: "update", values: { note: "changed" }, where: { name: "bare" } })).toMatchObject({ count: 1 });
    expect(await rows({ operation: "update", values: { note: "x" }, where: { name: "nobody" } })).toEqual({ rows: [], count: 0 });
    expect(await rows({ operation: "delete", where: { name: "bare " } })).toMatchObject({ count: 1, rows: [{ name: "bare " }] });
    expect(await rows({ operation: "delete", where: { name: "bare " } })).toEqual({ rows: [], count: 0 });
  });

  it("changes what exists and adds what does not", async () => {
    const upserted = await rows({
      operation: "upsert",
      values: [
        { name: "least", note: "again" },
        { name: "new", note: "first" },
      ],
    });
    expect(upserted).toMatchObject({
      count: 2,
      rows: [
        { name: "least", note: "again", whole: "-9223372036854775808" },
        { name: "new", note: "first" },
      ],
    });
    const again = await rows({ operation: "upsert", values: { name: "new" } });
    expect(again).toMatchObject({ rows: [{ id: upserted.rows[1]?.["id"], note: "first" }] });
    const byBoth = { operation: "upsert", values: { name: "pair", whole: 7, flag: true }, conflict: ["whole", "flag"] };
    await rows(byBoth);
    expect(await rows({ ...byBoth, values: { name: "renamed", whole: 7, flag: true } })).toMatchObject({
      count: 1,
      rows: [{ name: "renamed" }],
    });
  });

  it("changes 1000 rows and more", async () => {
    const values = Array.from({ length: 1000 }, (_, index) => ({ name: `bulk ${index}`, note: "bulk" }));
    expect((await rows({ operation: "insert", values })).rows.map((row) => row["name"])).toEqual(values.map(({ name }) => name));
    await rows({ operation: "insert", values: values.map(({ name, note }) => ({ name: `${name} more`, note })) });
    const updated = await rows({ operation: "update", values: { part: 1 }, where: { note: "bulk" } });
    expect([updated.count, updated.rows.length]).toEqual([2000, 1000]);
    expect((await rows({ operation: "upsert", values: values.map(({ name }) => ({ name, note: "other" })) })).rows[999]).toMatchObject({
      name: "bulk 999",
      note: "other",
      part: 1,
    });
    expect((await rows({ operation: "delete", where: { part: 1 } })).count).toBe(2000);
  });

  it.each([
    ["conflict", { operation: "insert", values: { name: "least" } }],
    ["conflict", { operation: "upsert", values: { name: "other", whole: 7, flag: true } }],
    ["conflict", { operation: "update", values: { name: "least" }, where: { name: "renamed" } }],
    ["validation_failed", { operation: "upsert", values: [{ name: "twice" }, { name: "twice" }] }],
    ["validation_failed", { operation: "sql", sql: "SELECT nothing FROM things" }],
    ["validation_failed", { operation: "sql", sql: "SELECT * FROM nowhere" }],
    ["validation_failed", { operation: "sql", sql: "SELECT FROM WHERE" }],
    ["forbidden", { operation: "sql", sql: "WITH x AS (SELECT 1) SELECT * FROM x, other_database.secrets" }],
  ])("refuses as %s: %j", async (code, operation) => {
    const answers = await Promise.all(
      ENGINES.map((engine) => run(engine, { ...operation, ...(operation.operation === "sql" ? {} : { table: "things" }) })),
    );
    // PostgreSQL knows no other databases: there the name is that of a schema which does not exist.
    const codes = answers.map((answer) => (answer.ok ? "ok" : answer.error.code));
    expect(codes[0]).toBe(code === "forbidden" ? "validation_failed" : code);
    expect(codes.slice(1)).toEqual(ENGINES.slice(1).map(() => code));
  });

  it("takes the author's own statement with its parameters, in PostgreSQL's spelling too", async () => {
    const sql = "SELECT name, whole FROM things WHERE name = $2 OR whole = $1 ORDER BY name";
    const answers = await Promise.all(ENGINES.map((engine) => run(engine, { operation: "sql", sql, params: [7, "least"] })));
    for (const answer of answers) {
      expect(answer).toMatchObject({
        ok: true,
        value: {
          count: 2,
          rows: [
            { name: "least", whole: "-9223372036854775808" },
            { name: "renamed", whole: 7 },
          ],
        },
      });
    }
  });
});

describe("a transaction", () => {
  const transaction = async (...operations: unknown[]) => {
    const answers = await Promise.all(ENGINES.map((engine) => run(engine, { operation: "transaction", operations })));
    // What a server refused it may describe with less than another.
    const [first, ...others] = answers.map((answer) => JSON.stringify(answer.ok ? answer : [answer.error.code, answer.error.faults]));
    for (const other of others) expect(other).toBe(first);
    return answers[0];
  };
  const add = (name: string) => ({ operation: "insert", table: "things", values: { name } });
  const countOf = async (name: string) => (await rows({ operation: "count", where: { name } })).count;

  it("gives what each of its operations gave", async () => {
    const done = await transaction(add("first"), add("second"), {
      operation: "count",
      table: "things",
      where: { name: { in: ["first", "second"] } },
    });
    expect(done).toMatchObject({
      ok: true,
      value: {
        rows: [],
        count: 2,
        results: [{ count: 1, rows: [{ name: "first" }] }, { count: 1, rows: [{ name: "second" }] }, { count: 2 }],
      },
    });
  });

  it("does nothing where one of them fails", async () => {
    expect(await transaction(add("third"), add("first"))).toMatchObject({ ok: false, error: { code: "conflict" } });
    expect(await countOf("third")).toBe(0);
    const faulty = await transaction(add("third"), { operation: "insert", table: "things", values: { name: 5 } });
    expect(faulty).toMatchObject({ ok: false, error: { code: "validation_failed", faults: [{ path: "operations[1].values.name" }] } });
    expect(await countOf("third")).toBe(0);
  });
});

describe.each(ENGINES)("%s", (engine) => {
  it("rotates the credentials under fifty statements at once without failing one, and refuses the old ones", async () => {
    const workspace = WORKSPACES[engine];
    const pool = pools.get(engine) ?? predictablePool(engine);
    const old = await world.addressOf(workspace, "runtime");
    const oldOwner = await world.addressOf(workspace, "owner");
    let rotating = true;
    const failures: unknown[] = [];
    const load = Array.from({ length: 50 }, async () => {
      while (rotating) {
        const answer = await run(engine, { operation: "count", table: "things" });
        if (!answer.ok) failures.push(answer.error);
      }
    });
    expect(await pool.rotate(workspace)).toEqual({ ok: true, value: null });
    expect(await pool.rotate(workspace)).toEqual({ ok: true, value: null });
    expect(await pool.rotate(workspace)).toEqual({ ok: true, value: null });
    rotating = false;
    await Promise.all(load);
    expect(failures).toEqual([]);
    const { driver, refusal } = world.engines[engine];
    for (const address of [old, oldOwner]) {
      const refused = await driver.run(address, plain("SELECT 1")).catch((error: unknown) => error);
      expect(refusal(refused)?.objection).toBe("entry_refused");
    }
    expect(await run(engine, { operation: "count", table: "things" })).toMatchObject({ ok: true });
  });

  it("takes no more once it is full, while reading and deleting go on", async () => {
    const workspace = WORKSPACES[engine];
    const pool = pools.get(engine) ?? predictablePool(engine);
    const size = await pool.measureStorage(workspace, 1);
    expect(size.ok && size.value).toBeGreaterThan(1);
    const codeOf = async (operation: unknown) => {
      const answer = await run(engine, operation);
      return answer.ok ? "ok" : answer.error.code;
    };
    const refused = [
      { operation: "insert", table: "things", values: { name: "one more" } },
      { operation: "upsert", table: "things", values: { name: "one more" } },
      { operation: "update", table: "things", values: { note: "longer" }, where: { name: "least" } },
      { operation: "sql", sql: "UPDATE things SET note = 'longer'" },
      { operation: "sql", sql: "INSERT INTO things (id, name) VALUES ('00000000-0000-7000-8000-000000000000', 'one more')" },
    ];
    for (const operation of refused) expect([operation, await codeOf(operation)]).toEqual([operation, "quota_exceeded"]);
    const allowed = [
      { operation: "select", table: "things" },
      { operation: "sql", sql: "SELECT count(*) FROM things" },
      { operation: "sql", sql: "DELETE FROM things WHERE name = 'new'" },
      { operation: "delete", table: "things", where: { name: "renamed" } },
    ];
    for (const operation of allowed) expect([operation, await codeOf(operation)]).toEqual([operation, "ok"]);
    await pool.measureStorage(workspace, null);
    expect(await codeOf(refused[0])).toBe("ok");
  });
});
