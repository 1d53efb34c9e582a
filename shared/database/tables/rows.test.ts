import { eq } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { auditLogs } from "#platform/schema";
import { makeLeads } from "../../../tests/database/leads.ts";
import { createWorld, ENGINES, type World } from "../../../tests/database/world.ts";
import { executeOperation } from "../operations/execute.ts";
import { dbOperationSchema } from "../operations/operation.ts";
import type { DbSchema } from "../schema/db-schema.ts";
import { rowsRequestSchema } from "./page.ts";
import { deleteRow, insertRow, listTables, readRows, runReadQuery, updateRow } from "./rows.ts";

// Real servers answer; how soon depends on the machine.
vi.setConfig({ testTimeout: 60_000 });

let world: World;

/** What rows are seeded with. */
const COLUMNS = [
  ["id", "id"],
  ["email", "text"],
  ["kind", "text"],
  ["score", "integer"],
  ["ratio", "number"],
  ["done", "boolean"],
] as const;

beforeAll(async () => {
  world = await createWorld();
}, 120_000);
afterAll(() => world?.close());

describe.each(ENGINES)("tables of %s", (engine) => {
  const ACME = `wrk_01${engine}`;
  beforeAll(() => makeLeads(world, ACME, engine), 60_000);

  const insert = (values: Record<string, unknown>) => insertRow(world.ctx, ACME, "leads", values);
  const read = (request: object) => readRows(world.ctx, ACME, rowsRequestSchema.parse({ table: "leads", limit: 100, ...request }));
  const whole: DbSchema = {
    tables: [{ name: "leads", columns: COLUMNS.map(([name, type]) => ({ name, type, nullable: true, default: 0 })) }],
  };
  const operate = (operation: object) =>
    executeOperation(world.ctx, ACME, whole, dbOperationSchema.parse({ table: "leads", ...operation }));
  const clear = () => operate({ operation: "delete", where: { email: { is_null: false } } });
  const seed = (values: readonly object[]) => operate({ operation: "insert", values });

  /** Every row, by pages of a few. */
  async function all(request: object, limit: number): Promise<Record<string, unknown>[]> {
    const rows = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = await read({ ...request, limit, ...(cursor === undefined ? {} : { cursor }) });
      rows.push(...page.rows);
      cursor = page.next_cursor;
    }
    return rows;
  }

  it("are described as a manifest would declare them, as far as it could", async () => {
    const tables = await listTables(world.ctx, ACME);
    expect(tables.map(({ name }) => name)).toEqual(["leads", "ledger", "stock", "teams"]);
    const [leads, ledger, stock] = tables;
    const plain = { nullable: false, primary: false, unique: false };
    expect(leads?.columns).toEqual([
      { ...plain, name: "id", type: "id", primary: true, unique: true },
      { ...plain, name: "email", type: "text", unique: true },
      { ...plain, name: "kind", type: "text", default: "it's new" },
      { ...plain, name: "score", type: "integer", nullable: true, default: 5 },
      { ...plain, name: "ratio", type: "number", nullable: true },
      { ...plain, name: "done", type: "boolean", default: false },
      { ...plain, name: "tags", type: "json", nullable: true },
      { ...plain, name: "seen_at", type: "timestamp", nullable: true },
      { ...plain, name: "created_at", type: "timestamp", default: "now" },
      { ...plain, name: "team", type: "id", nullable: true, references: { table: "teams", column: "id", on_delete: "cascade" } },
    ]);
    expect(leads?.indexes).toContainEqual({ columns: ["kind", "score"], unique: true });
    expect(leads?.indexes).toContainEqual({ columns: ["seen_at"], unique: false });
    expect(leads?.approximate_rows).toBeGreaterThanOrEqual(0);
    expect(leads?.bytes).toBeGreaterThan(0);
    expect(ledger?.columns.map(({ name, type }) => [name, type])).toEqual([
      ["number", "integer"],
      ["amount", engine === "mysql" ? "decimal(12,2)" : "numeric(12,2)"],
    ]);
    expect(stock?.columns.map(({ name }) => name)).toEqual(["id", "price"]);
  });

  it("take, change and give up rows, and leave a trace that holds no values", async () => {
    const row = await insert({ email: "secret@example.com", score: "9007199254740993", tags: { a: [1] }, seen_at: "2026-01-02T03:04:05Z" });
    expect(row).toMatchObject({
      email: "secret@example.com",
      kind: "it's new",
      score: "9007199254740993",
      done: false,
      tags: { a: [1] },
      seen_at: "2026-01-02T03:04:05.000Z",
      team: null,
    });
    const address = { table: "leads", rowId: String(row["id"]) };
    const changed = await updateRow(world.ctx, ACME, address, { done: true, score: null });
    expect(changed).toEqual({ ...row, done: true, score: null });
    expect((await read({ filter: { id: address.rowId } })).rows).toEqual([changed]);
    await deleteRow(world.ctx, ACME, address);
    await expect(deleteRow(world.ctx, ACME, address)).rejects.toMatchObject({ code: "not_found" });
    await expect(updateRow(world.ctx, ACME, address, { done: false })).rejects.toMatchObject({ code: "not_found" });
    const audit = await world.ctx.db.select().from(auditLogs).where(eq(auditLogs.workspaceId, ACME)).orderBy(auditLogs.id);
    expect(audit.filter(({ action }) => action.startsWith("database.row_"))).toMatchObject([
      {
        action: "database.row_inserted",
        actorId: "usr_1",
        targetId: `leads/${row["id"]}`,
        after: { columns: ["email", "score", "tags", "seen_at"] },
      },
      { action: "database.row_updated", targetId: `leads/${row["id"]}`, after: { columns: ["done", "score"] } },
      { action: "database.row_deleted", targetId: `leads/${row["id"]}`, after: null },
    ]);
    expect(JSON.stringify(audit)).not.toMatch(/secret@|9007199254740993/);
  });

  it("refuse what does not fit, each fault in its place", async () => {
    await expect(insert({ email: 1, score: "x", nothing: 1 })).rejects.toMatchObject({
      code: "validation_failed",
      faults: [{ path: "values.nothing" }, { path: "values.email" }, { path: "values.score" }],
    });
    await expect(insert({})).rejects.toMatchObject({ faults: [{ path: "values.email", code: "required" }] });
    const stock = await insertRow(world.ctx, ACME, "stock", {});
    await expect(insertRow(world.ctx, ACME, "stock", { price: 1 })).rejects.toMatchObject({
      faults: [{ path: "values.price", code: "unsupported_type" }],
    });
    const address = { table: "stock", rowId: String(stock["id"]) };
    await expect(updateRow(world.ctx, ACME, address, {})).rejects.toMatchObject({ faults: [{ path: "values" }] });
    await expect(updateRow(world.ctx, ACME, { ...address, rowId: "' OR 1=1" }, {})).rejects.toMatchObject({ code: "not_found" });
    await expect(insert({ email: "a", team: "018f0000-0000-7000-8000-000000000000" })).rejects.toMatchObject({ code: "conflict" });
    for (const table of ["nowhere", "schema_migrations", "_dropped", "pg_class", "leads; DROP TABLE leads"]) {
      await expect(read({ table })).rejects.toMatchObject({ code: "not_found" });
      await expect(insertRow(world.ctx, ACME, table, {})).rejects.toMatchObject({ code: "not_found" });
    }
    await expect(read({ table: "ledger" })).rejects.toMatchObject({ code: "invalid_state" });
  });

  it("show values of types that no manifest declares as texts", async () => {
    const owner = await world.addressOf(ACME, "owner");
    const id = "018f0000-0000-7000-8000-000000000001";
    await world.engines[engine].driver.command(owner, `INSERT INTO stock (id, price) VALUES ('${id}', 12.30)`);
    expect((await read({ table: "stock", filter: { id } })).rows).toEqual([{ id, price: "12.30" }]);
    await expect(read({ table: "stock", filter: { price: "12.30" } })).rejects.toMatchObject({
      faults: [{ path: "filter.price", code: "unsupported_type" }],
    });
    await expect(read({ table: "stock", order_by: "price" })).rejects.toMatchObject({ faults: [{ path: "order_by" }] });
  });

  it("are paged through completely in any order, with ties and missing values", async () => {
    await clear();
    const scores = [3, null, 1, 3, null, 2, 3, -1, null, "9007199254740993"];
    await seed(scores.map((score, index) => ({ email: `${index}`, kind: `${index}`, score, done: index % 2 === 0, ratio: index / 3 })));
    for (const order_by of [undefined, "score", "done", "ratio", "seen_at"]) {
      for (const direction of ["asc", "desc"]) {
        const request = { ...(order_by === undefined ? {} : { order_by }), direction };
        const [whole] = [(await read(request)).rows];
        expect(whole).toHaveLength(scores.length);
        expect(await all(request, 3), `${order_by} ${direction}`).toEqual(whole);
      }
    }
    const ascending = (await read({ order_by: "score" })).rows.map((row) => row["score"]);
    expect(ascending).toEqual([-1, 1, 2, 3, 3, 3, "9007199254740993", null, null, null]);
    const descending = (await read({ order_by: "score", direction: "desc", filter: { score: { ne: 3 } } })).rows.map((row) => row["score"]);
    expect(descending).toEqual([null, null, null, "9007199254740993", 2, 1, -1]);
  });

  it("are paged through completely whatever the values are", async () => {
    const text = fc.string({ unit: "binary", maxLength: 6 }).map((value) => value.replaceAll("\0", "") || "x");
    const row = fc.record({
      kind: fc.constantFrom("a", "B", "ä", "a ", "𝒳", "'\"\\"),
      ratio: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      label: text,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 2, maxLength: 8 }),
        fc.constantFrom("kind", "ratio", "email"),
        fc.integer({ min: 1, max: 3 }),
        async (rows, order_by, limit) => {
          await clear();
          await seed(rows.map(({ kind, ratio, label }, index) => ({ email: `${label}${index}`, kind, ratio, score: index })));
          const whole = (await read({ order_by })).rows;
          expect(await all({ order_by }, limit)).toEqual(whole);
          expect(whole).toHaveLength(rows.length);
        },
      ),
      { numRuns: 4 },
    );
  });

  it("do not skip or repeat rows that stay while others come and go", async () => {
    await clear();
    await seed(Array.from({ length: 9 }, (_, index) => ({ email: `stays ${index}`, kind: `${index}`, score: index % 3 })));
    const first = await read({ order_by: "score", limit: 4 });
    const [gone] = first.rows;
    await deleteRow(world.ctx, ACME, { table: "leads", rowId: String(gone?.["id"]) });
    await deleteRow(world.ctx, ACME, { table: "leads", rowId: String(first.rows[3]?.["id"]) });
    await insert({ email: "new", kind: "new", score: 0 });
    const rest = await read({ order_by: "score", cursor: first.next_cursor });
    const seen = [...first.rows, ...rest.rows].map((row) => row["email"]);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(9);
  });

  it("are paged by texts that are too long for a cursor, until the row is gone", async () => {
    await clear();
    const owner = await world.addressOf(ACME, "owner");
    const type = engine === "mysql" ? "LONGTEXT" : "text";
    await world.engines[engine].driver.command(owner, `ALTER TABLE stock ADD COLUMN note ${type}`);
    const notes = ["a", "b", "c"].map((letter) => letter.repeat(5000));
    for (const note of notes) await insertRow(world.ctx, ACME, "stock", { note });
    const request = { table: "stock", order_by: "note", filter: { note: { is_null: false } } };
    const page = await read({ ...request, limit: 1 });
    expect(page.next_cursor?.length).toBeLessThan(200);
    expect((await read({ ...request, cursor: page.next_cursor })).rows.map((row) => row["note"])).toEqual(notes.slice(1));
    await deleteRow(world.ctx, ACME, { table: "stock", rowId: String(page.rows[0]?.["id"]) });
    await expect(read({ ...request, cursor: page.next_cursor })).rejects.toMatchObject({ faults: [{ path: "cursor" }] });
  });

  it.each([
    [{ filter: { nothing: 1 } }, "filter.nothing"],
    [{ filter: { score: { almost: 1 } } }, "filter.score.almost"],
    [{ filter: { score: "x" } }, "filter.score"],
    [{ filter: { '"; DROP TABLE leads; --': 1 } }, 'filter."; DROP TABLE leads; --'],
    [{ order_by: "nothing" }, "order_by"],
    [{ order_by: "tags" }, "order_by"],
    [{ cursor: "x" }, "cursor"],
    [{ cursor: btoa('["score","asc","018f0000-0000-7000-8000-000000000000","1"]') }, "cursor"],
    [{ cursor: "bnVsbA" }, "cursor"],
  ])("refuse %j", async (request, path) => {
    await expect(read(request)).rejects.toMatchObject({ code: "validation_failed", faults: [{ path }] });
  });

  it("are asked by statements that read", async () => {
    await clear();
    await insert({ email: "q", kind: "sales", score: 7 });
    const answer = await runReadQuery(world.ctx, ACME, {
      sql: "SELECT kind, score, created_at AS at FROM leads WHERE kind = $1",
      params: ["sales"],
    });
    expect(answer).toMatchObject({
      columns: [
        { name: "kind", type: "text" },
        { name: "score", type: "integer" },
        { name: "at", type: "timestamp" },
      ],
      rows: [{ kind: "sales", score: 7, at: expect.stringMatching(/Z$/) }],
      count: 1,
    });
    expect(answer.duration_ms).toBeGreaterThanOrEqual(0);
  });
});
