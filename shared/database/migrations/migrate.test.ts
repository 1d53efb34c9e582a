import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type PostgresServer, startPostgres } from "../../../dev/postgres/server.ts";
import { type SqlGateway, startSqlGateway } from "../../../dev/sql-gateway/server.ts";
import type { Driver } from "../engines/driver.ts";
import { type Catalog, readCatalog } from "../engines/postgres/catalog.ts";
import { postgresType } from "../engines/postgres/columns.ts";
import { createNeonDriver } from "../engines/postgres/neon-driver.ts";
import { COLUMN_TYPES, type ColumnType, type DbColumn, type DbSchema, type DbTable, dbSchemaSchema } from "../schema/db-schema.ts";
import { validateDbSchema } from "../schema/schema-faults.ts";
import { migrate } from "./migrate.ts";
import { planChanges } from "./plan.ts";

const anyName = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/).filter((text) => !/^(pg_|tableoid$|ctid$|[xc]m(in|ax)$)/.test(text));
/** Any text that PostgreSQL can store. */
const anyText = fc.string({ unit: "grapheme" }).map((value) => value.replaceAll("\0", ""));

const DEFAULTS: Readonly<Record<ColumnType, fc.Arbitrary<DbColumn["default"]>>> = {
  id: fc.constant(undefined),
  text: fc.option(fc.oneof(anyText, fc.constantFrom("now", "'", "\\", "\\'", "E'x'::text", "5")), { nil: undefined }),
  integer: fc.option(fc.maxSafeInteger(), { nil: undefined }),
  number: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
  boolean: fc.option(fc.boolean(), { nil: undefined }),
  json: fc.option(
    fc.constantFrom<NonNullable<DbColumn["default"]>[]>({ b: 1, a: [true, null, "it's \\"] }, [], "text", 0, 1.5, false, {
      "": { z: {}, a: 1 },
    }),
    { nil: undefined },
  ),
  timestamp: fc.constantFrom("now", "2026-01-02T03:04:05.678+02:00", "1999-12-31", undefined),
};

const dataColumn = fc
  .constantFrom(...COLUMN_TYPES.filter((type) => type !== "id"))
  .chain((type) =>
    fc.record({ name: anyName, type: fc.constant(type), nullable: fc.boolean(), unique: fc.boolean(), default: DEFAULTS[type] }),
  );

/** A table whose references all point to `targets`, or to itself. */
function anyTable(tableName: string, targets: readonly string[]): fc.Arbitrary<DbTable> {
  const target = fc.constantFrom(tableName, ...targets);
  const reference: fc.Arbitrary<DbColumn> = fc.record({
    name: anyName,
    type: fc.constant("id" as const),
    nullable: fc.constant(true),
    references: fc.oneof(
      target,
      fc.record({ table: target, on_delete: fc.constantFrom("restrict" as const, "cascade" as const, "set_null" as const) }),
    ),
  });
  const columns = fc.uniqueArray(fc.oneof({ weight: 4, arbitrary: dataColumn }, { weight: 1, arbitrary: reference }), {
    maxLength: 6,
    selector: (column: DbColumn) => column.name,
  });
  return fc.tuple(anyName, columns).chain(([id, rest]) => {
    const all: DbColumn[] = [{ name: id, type: "id" }, ...rest.filter((column) => column.name !== id)];
    const index = fc.record({
      columns: fc.uniqueArray(fc.constantFrom(...all.map((column) => column.name)), { minLength: 1, maxLength: 3 }),
      unique: fc.boolean(),
    });
    return fc.record({ name: fc.constant(tableName), columns: fc.constant(all), indexes: fc.array(index, { maxLength: 3 }) });
  });
}

/** Schemas without faults: every type, default, index and reference that a manifest can declare. */
const anySchema: fc.Arbitrary<DbSchema> = fc
  .uniqueArray(anyName, { minLength: 1, maxLength: 4 })
  .chain((names) => fc.tuple(...names.map((tableName) => anyTable(tableName, names))))
  .map((tables) => ({ tables }));

// A real server answers; how soon depends on the machine.
vi.setConfig({ testTimeout: 60_000 });

let directory: string;
let postgres: PostgresServer;
let gateway: SqlGateway;
let driver: Driver;
let url: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "migrate-"));
  [postgres, gateway] = await Promise.all([startPostgres(join(directory, "postgres"), { durable: false }), startSqlGateway({ port: 0 })]);
  driver = createNeonDriver({ SQL_GATEWAY_ORIGIN: gateway.origin });
  url = postgres.adminUrl;
}, 120_000);

afterAll(async () => {
  await gateway?.close();
  await postgres?.stop();
  await rm(directory, { recursive: true, force: true });
});

const empty = async () => {
  for (const text of ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"]) await driver.command(url, text);
};
beforeEach(empty);

const schema = (...tables: unknown[]): DbSchema => dbSchemaSchema.parse({ tables });
const table = (columns: unknown[], rest: object = {}) => ({ name: "leads", columns: [{ name: "id", type: "id" }, ...columns], ...rest });
const catalogOf = (declared: DbSchema): Promise<Catalog> =>
  driver.transaction(url, (query) => readCatalog(query, new Set(declared.tables.map(({ name }) => name))));
const addLead = (columns: string, values: string) =>
  driver.run(url, { text: `INSERT INTO leads (id${columns}) VALUES (gen_random_uuid()${values})`, params: [] });

describe("any schema", () => {
  it("is there after it was applied, and then asks for nothing more", async () => {
    await fc.assert(
      fc.asyncProperty(anySchema, async (declared) => {
        expect(validateDbSchema(declared)).toEqual([]);
        await empty();
        await migrate(driver, url, declared);
        const catalog = await catalogOf(declared);
        expect(planChanges(declared, catalog)).toEqual({ changes: [], faults: [] });
        expect([...catalog.values()].map(shape).sort(byName)).toEqual(declared.tables.map(declaredShape).sort(byName));
      }),
      { numRuns: 40 },
    );
  });

  it("can be applied by many at once", async () => {
    const [declared] = fc.sample(anySchema, { numRuns: 1, seed: 7 });
    if (!declared) throw new Error("no schema");
    await Promise.all(Array.from({ length: 4 }, () => migrate(driver, url, declared)));
    expect(planChanges(declared, await catalogOf(declared))).toEqual({ changes: [], faults: [] });
  });
});

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

function shape({ name, columns }: { name: string; columns: readonly { name: string; type: string; notNull: boolean }[] }) {
  return { name, columns: columns.map((column) => `${column.name} ${column.type}${column.notNull ? "" : " null"}`) };
}

function declaredShape({ name, columns }: DbTable) {
  return shape({
    name,
    columns: columns.map((column) => ({ name: column.name, type: postgresType(column.type), notNull: !column.nullable })),
  });
}

describe("a schema that grows", () => {
  it("adds tables, columns, defaults, indexes and references, and keeps the rows", async () => {
    await migrate(driver, url, schema(table([{ name: "email", type: "text" }])));
    await addLead(", email", ", 'a'");
    const grown = schema(
      table(
        [
          { name: "email", type: "text", unique: true, default: "it's \\ odd" },
          { name: "score", type: "integer", default: 9007199254740991 },
          { name: "tags", type: "json", default: { b: [1, null], a: "x" } },
          { name: "note", type: "text", nullable: true },
          { name: "desk_id", type: "id", nullable: true, references: { table: "desks", on_delete: "set_null" } },
        ],
        { indexes: [{ columns: ["score", "email"] }] },
      ),
      { name: "desks", columns: [{ name: "key", type: "id" }] },
    );
    await migrate(driver, url, grown);
    expect(planChanges(grown, await catalogOf(grown))).toEqual({ changes: [], faults: [] });
    const { rows } = await driver.run(url, { text: "SELECT email, score, tags, note FROM leads", params: [] });
    expect(rows).toEqual([["a", "9007199254740991", '{"a": "x", "b": [1, null]}', null]]);
  });

  it("leaves alone what is no longer declared, but requires no value for it", async () => {
    await migrate(driver, url, schema(table([{ name: "email", type: "text" }]), { name: "desks", columns: [{ name: "id", type: "id" }] }));
    await addLead(", email", ", 'kept'");
    await migrate(driver, url, schema(table([])));
    await addLead("", "");
    const { rows } = await driver.run(url, { text: "SELECT email FROM leads ORDER BY email", params: [] });
    expect(rows).toEqual([["kept"], [null]]);
    expect([...(await catalogOf(schema())).keys()]).toEqual(["desks", "leads"]);
  });
});

describe("a schema that contradicts what exists", () => {
  const before = schema(table([{ name: "email", type: "text" }]));

  it.each([
    ["another type", [{ name: "email", type: "integer" }], "db_schema.tables[0].columns[1]", "type_conflict"],
    [
      "a required column without a value for the rows",
      [{ name: "kind", type: "text" }],
      "db_schema.tables[0].columns[1]",
      "missing_default",
    ],
    ["unique values that are not", [{ name: "email", type: "text", unique: true }], "db_schema.tables[0].columns[1]", "rows_conflict"],
    [
      "a reference to rows that are missing",
      [{ name: "email", type: "text", references: { table: "people", column: "email" } }],
      "db_schema.tables[0].columns[1].references",
      "rows_conflict",
    ],
  ])("is refused whole: %s", async (_, columns, path, code) => {
    await migrate(driver, url, before);
    await addLead(", email", ", 'a'");
    await addLead(", email", ", 'a'");
    const catalog = await catalogOf(before);
    const people = {
      name: "people",
      columns: [
        { name: "id", type: "id" },
        { name: "email", type: "text", unique: true },
      ],
    };
    const after = schema(table(columns), people);
    await expect(migrate(driver, url, after)).rejects.toMatchObject({ code: "conflict", faults: [{ path, code }] });
    expect(await catalogOf(before)).toEqual(catalog);
  });

  it("is refused when the id column is another", async () => {
    await migrate(driver, url, before);
    const after = schema({ name: "leads", columns: [{ name: "key", type: "id" }] });
    await expect(migrate(driver, url, after)).rejects.toMatchObject({ code: "conflict", faults: [{ code: "id_column_conflict" }] });
  });

  it("is refused when a reference would point elsewhere", async () => {
    const desks = { name: "desks", columns: [{ name: "id", type: "id" }] };
    const teams = { name: "teams", columns: [{ name: "id", type: "id" }] };
    await migrate(driver, url, schema(desks, teams, table([{ name: "at", type: "id", references: "desks" }])));
    const after = schema(desks, teams, table([{ name: "at", type: "id", references: "teams" }]));
    const faults = [{ path: "db_schema.tables[2].columns[1].references", code: "reference_conflict" }];
    await expect(migrate(driver, url, after)).rejects.toMatchObject({ code: "conflict", faults });
  });
});
