import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createSchemaWorld, emptyDatabase, type SchemaWorld, successor } from "../../../tests/database/schema-world.ts";
import { anySchema, renamedSince, VALUES } from "../../../tests/database/schemas.ts";
import { createWorld, ENGINES, type World } from "../../../tests/database/world.ts";
import type { CatalogTable } from "../engines/catalog.ts";
import type { SchemaDialect } from "../engines/schema-dialect.ts";
import { type DbSchema, type DbTable, idColumn } from "../schema/db-schema.ts";
import { validateDbSchema } from "../schema/schema-faults.ts";
import { wantedColumns, wantedIndexes, wantedReferences } from "./wanted.ts";

/** Pairs of schemas, spread over so many databases at once. */
const PAIRS = Number(process.env["PAIRS"] ?? 500);
const DATABASES = 4;

// Real servers answer; how soon depends on the machine.
vi.setConfig({ testTimeout: 600_000 });

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 120_000);
afterAll(() => world?.close());

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
const sorted = (lines: readonly string[]) => [...lines].sort();

/** What a table declares, as the catalog is to tell it. */
function declaredShape(dialect: SchemaDialect, schema: DbSchema, table: DbTable) {
  return {
    name: table.name,
    columns: wantedColumns(dialect, table).sort(byName),
    primaryKey: [idColumn(table)?.name],
    indexes: sorted(wantedIndexes(table).map(({ columns, unique }) => `${columns} ${unique}`)),
    references: sorted(wantedReferences(schema, table).map((key) => `${key.column} ${key.table} ${key.targetColumn} ${key.onDelete}`)),
  };
}

function actualShape({ name, columns, primaryKey, indexes, references }: CatalogTable) {
  return {
    name,
    columns: [...columns].sort(byName),
    primaryKey,
    indexes: sorted(indexes.map((index) => `${index.columns} ${index.unique}`)),
    references: sorted(references.map((key) => `${key.column} ${key.table} ${key.targetColumn} ${key.onDelete}`)),
  };
}

async function expectShape(database: SchemaWorld, schema: DbSchema): Promise<void> {
  const { catalog, dialect } = await database.look();
  const declared = schema.tables.map((table) => declaredShape(dialect, schema, table)).sort(byName);
  expect([...catalog.values()].map(actualShape).sort(byName)).toEqual(declared);
  expect((await database.plan(schema, schema)).steps).toEqual([]);
}

/** Values for some rows of each table, by the names of its columns; references come without. */
const anyRows = (schema: DbSchema) =>
  fc.tuple(
    ...schema.tables.map((table) => {
      const values = table.columns.flatMap((column) => {
        if (column.type === "id") return [];
        const value = column.nullable ? fc.option(VALUES[column.type]) : VALUES[column.type];
        return [[column.name, value] as const];
      });
      return fc.array(fc.record(Object.fromEntries(values)), { maxLength: 3 });
    }),
  );

const anyPair = fc
  .tuple(anySchema, anySchema, fc.nat(2))
  .chain(([before, after, renames]) =>
    fc.record({ before: fc.constant(before), after: fc.constant(renamedSince(before, after, renames)), rows: anyRows(before) }),
  );

type Pair = typeof anyPair extends fc.Arbitrary<infer Value> ? Value : never;
type Rows = Map<string, ReadonlyMap<string, Record<string, unknown>>>;

let ids = 0;
const newId = () => `018f0000-0000-7000-8000-${(ids += 1).toString(16).padStart(12, "0")}`;

/** Adds the rows that the schema's unique keys let in. */
async function fill(database: SchemaWorld, { before, rows }: Pair): Promise<void> {
  for (const [index, table] of before.tables.entries()) {
    const key = idColumn(table)?.name ?? "";
    for (const row of rows[index] ?? []) await database.insert(before, table.name, [{ ...row, [key]: newId() }]).catch(() => undefined);
  }
}

async function readAll(database: SchemaWorld, schema: DbSchema): Promise<Rows> {
  const tables: Rows = new Map();
  for (const table of schema.tables) tables.set(table.name, await database.rows(table.name, table.columns));
  return tables;
}

/** Every row of a table that stays has the same values in the columns that keep their type. */
function expectKept({ before, after }: Pair, was: Rows, is: Rows): number {
  let compared = 0;
  for (const table of before.tables) {
    for (const column of table.columns) {
      const next = successor(after, table.name, column.name);
      if (!next || next.column.type !== column.type) continue;
      for (const [id, row] of was.get(table.name) ?? []) {
        expect(is.get(next.table)?.get(id)?.[next.column.name]).toEqual(row[column.name]);
        compared += 1;
      }
    }
  }
  return compared;
}

const outcomes = { applied: 0, refused: 0, confirmed: 0, compared: 0 };

/** From one schema to another, with rows in between; if the rows are against it, nothing happens, and without them it does. */
async function passFrom(database: SchemaWorld, pair: Pair): Promise<void> {
  const { before, after } = pair;
  expect(validateDbSchema(after)).toEqual([]);
  await database.change({ tables: [] }, before);
  await fill(database, pair);
  const [was, { catalog }] = [await readAll(database, before), await database.look()];
  const change = async () => {
    const first = await database.change(before, after).catch((error: { code: string; details: { plan: { hash: string } } }) => error);
    if (!("code" in first)) return;
    if (first.code !== "migration_not_confirmed") throw first;
    outcomes.confirmed += 1;
    await database.change(before, after, { confirm: first.details.plan.hash });
  };
  try {
    await change();
    outcomes.applied += 1;
  } catch (error) {
    expect(error).toMatchObject({ code: "conflict" });
    expect((await database.look()).catalog).toEqual(catalog);
    expect(await readAll(database, before)).toEqual(was);
    for (const table of before.tables.toReversed()) await database.run(`DELETE FROM ${database.quote(table.name)}`).catch(() => undefined);
    for (const table of before.tables) await database.run(`DELETE FROM ${database.quote(table.name)}`);
    was.clear();
    await change();
    outcomes.refused += 1;
  }
  await expectShape(database, after);
  outcomes.compared += expectKept(pair, was, await readAll(database, after));
  await emptyDatabase(database, after);
}

describe.each(ENGINES)("any schema after any other, at %s", (engine) => {
  it(`is there after it was applied, with the data that both have, ${PAIRS} times`, async () => {
    const databases = await Promise.all(
      Array.from({ length: DATABASES }, (_, index) => createSchemaWorld(world, engine, `wrk_0${index}pairs${engine}`)),
    );
    Object.assign(outcomes, { applied: 0, refused: 0, confirmed: 0, compared: 0 });
    const started = Date.now();
    await Promise.all(
      databases.map((database, index) => {
        const property = fc.asyncProperty(anyPair, (pair) => passFrom(database, pair));
        const seed = process.env["SEED"] ? Number(process.env["SEED"]) + index : undefined;
        return fc.assert(property, { numRuns: Math.ceil(PAIRS / DATABASES), endOnFailure: true, ...(seed === undefined ? {} : { seed }) });
      }),
    );
    console.log(engine, outcomes, Date.now() - started);
  });
});
