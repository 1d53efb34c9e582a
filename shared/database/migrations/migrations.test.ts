import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { errorCode } from "#platform/errors";
import { createSchemaWorld, emptyDatabase, type SchemaWorld, successor } from "../../../tests/database/schema-world.ts";
import { anySchema, renamedSince, VALUES } from "../../../tests/database/schemas.ts";
import { createWorld, ENGINES, type World } from "../../../tests/database/world.ts";
import type { Catalog, CatalogTable } from "../engines/catalog.ts";
import type { SchemaDialect } from "../engines/schema-dialect.ts";
import { type DbSchema, type DbTable, idColumn } from "../schema/db-schema.ts";
import { validateDbSchema } from "../schema/schema-faults.ts";
import { pathsOf } from "./paths.ts";
import { planChanges } from "./plan.ts";
import { wantedColumns, wantedIndexes, wantedReferences } from "./wanted.ts";

/** Pairs of schemas, spread over so many databases at once. */
const PAIRS = 500;
const DATABASES = 4;
/** Schemas in a row: each is the second of one pair and the first of the next, and rows live through many changes. */
const CHAIN = 25;

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

async function look(database: SchemaWorld, schema: DbSchema): Promise<Catalog> {
  const { catalog, dialect } = await database.look();
  const declared = schema.tables.map((table) => declaredShape(dialect, schema, table)).sort(byName);
  expect([...catalog.values()].map(actualShape).sort(byName)).toEqual(declared);
  const request = { declared: schema, previous: schema, paths: pathsOf(schema), undeclared: "drop" } as const;
  expect(planChanges(request, catalog, dialect)).toEqual({ steps: [], faults: [] });
  return catalog;
}

/** Values for some rows of a table; of a reference, which row it refers to, if any. */
function anyRow(table: DbTable) {
  const values = table.columns.flatMap((column) => {
    if (column === idColumn(table)) return [];
    const value = column.type === "id" ? fc.nat(2) : VALUES[column.type];
    return [[column.name, column.nullable ? fc.option(value) : value] as const];
  });
  return fc.record(Object.fromEntries(values));
}

/** A schema to come to, how much of it is what was, renamed, and rows to be there for what comes next. */
const anyStep = anySchema.chain((schema) =>
  fc.record({
    schema: fc.constant(schema),
    renames: fc.nat(2),
    rows: fc.tuple(...schema.tables.map((table) => fc.array(anyRow(table), { maxLength: 2 }))),
  }),
);
type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;
type Rows = ReadonlyMap<string, ReadonlyMap<string, Record<string, unknown>>>;

async function readAll(database: SchemaWorld, schema: DbSchema): Promise<Rows> {
  return new Map(
    await Promise.all(schema.tables.map(async (table) => [table.name, await database.rows(table.name, table.columns)] as const)),
  );
}

/** Adds the rows that the schema's keys let in. */
async function fill(database: SchemaWorld, schema: DbSchema, rows: Step["rows"]): Promise<void> {
  const ids = new Map(schema.tables.map(({ name }, table) => [name, (rows[table] ?? []).map(() => database.newId())]));
  for (const [index, table] of schema.tables.entries()) {
    const referred = new Map(wantedReferences(schema, table).map((reference) => [reference.column, ids.get(reference.table) ?? []]));
    for (const [at, values] of (rows[index] ?? []).entries()) {
      const row = Object.entries(values).map(([column, value]) => {
        const targets = referred.get(column);
        return [column, targets ? (targets[Number(value)] ?? null) : value] as const;
      });
      const key = [idColumn(table)?.name, ids.get(table.name)?.[at]] as const;
      await database.insert(schema, table.name, [Object.fromEntries([...row, key])]).catch(() => undefined);
    }
  }
}

/** Every row of a table that stays has the same values in the columns that keep their type. Gives how many were compared. */
function expectKept(before: DbSchema, after: DbSchema, was: Rows, is: Rows): number {
  const kept = before.tables.flatMap((table) =>
    table.columns.flatMap((column) => {
      const next = successor(after, table.name, column.name);
      return next && next.column.type === column.type ? [{ from: table.name, column: column.name, next }] : [];
    }),
  );
  const pairs = kept.flatMap(({ from, column, next }) =>
    [...(was.get(from) ?? [])].map(([id, row]) => [row[column], is.get(next.table)?.get(id)?.[next.column.name]] as const),
  );
  expect(pairs.map(([, value]) => value)).toEqual(pairs.map(([value]) => value));
  return pairs.length;
}

interface Outcomes {
  pairs: number;
  /** Pairs of which the rows allowed nothing. */
  refused: number;
  confirmed: number;
  values: number;
}

async function changeWithConsent(database: SchemaWorld, before: DbSchema, after: DbSchema, outcomes: Outcomes): Promise<void> {
  try {
    await database.change(before, after);
  } catch (error) {
    const asked = notConfirmed.safeParse(error);
    if (!asked.success) throw error;
    await database.change(before, after, { confirm: asked.data.details.plan.hash });
    outcomes.confirmed += 1;
  }
}
const notConfirmed = z.object({
  code: z.literal("migration_not_confirmed"),
  details: z.object({ plan: z.object({ hash: z.string() }) }),
});

/** From one schema to another with rows in between. If the rows are against it, nothing happens; without them it does. */
async function pass(database: SchemaWorld, before: DbSchema, after: DbSchema, catalog: Catalog, outcomes: Outcomes): Promise<Catalog> {
  expect(validateDbSchema(after)).toEqual([]);
  const was = await readAll(database, before);
  outcomes.pairs += 1;
  try {
    await changeWithConsent(database, before, after, outcomes);
    const reached = await look(database, after);
    outcomes.values += expectKept(before, after, was, await readAll(database, after));
    return reached;
  } catch (error) {
    if (errorCode(error) !== "conflict") throw error;
    expect(withoutRows((await database.look()).catalog)).toEqual(withoutRows(catalog));
    expect(await readAll(database, before)).toEqual(was);
    outcomes.refused += 1;
    await deleteRows(database, before);
    await changeWithConsent(database, before, after, outcomes);
    return look(database, after);
  }
}

const withoutRows = (catalog: Catalog) => [...catalog.values()].map((table) => ({ ...table, hasRows: null }));

async function passAll(database: SchemaWorld, steps: readonly Step[], outcomes: Outcomes): Promise<void> {
  let [schema, catalog]: [DbSchema, Catalog] = [{ tables: [] }, new Map()];
  for (const { schema: wanted, renames, rows } of steps) {
    const next = renamedSince(schema, wanted, renames);
    catalog = await pass(database, schema, next, catalog, outcomes);
    schema = next;
    await fill(database, schema, rows);
  }
  await emptyDatabase(database, schema);
}

/** Rows of any table, in whatever order they refer to each other. */
async function deleteRows(database: SchemaWorld, schema: DbSchema): Promise<void> {
  const { quote } = database;
  for (const table of schema.tables) {
    for (const { column } of wantedReferences(schema, table)) await database.run(`UPDATE ${quote(table.name)} SET ${quote(column)} = NULL`);
  }
  for (const table of schema.tables) await database.run(`DELETE FROM ${quote(table.name)}`);
}

describe.each(ENGINES)("any schema after any other, at %s", (engine) => {
  it(`is there after it was applied, with the data that both have, ${PAIRS} times`, async () => {
    const outcomes: Outcomes = { pairs: 0, refused: 0, confirmed: 0, values: 0 };
    const databases = Array.from({ length: DATABASES }, (_, index) => createSchemaWorld(world, engine, `wrk_0${index}pairs${engine}`));
    const steps = fc.array(anyStep, { minLength: CHAIN, maxLength: CHAIN });
    const property = (database: SchemaWorld) => fc.asyncProperty(steps, (chain) => passAll(database, chain, outcomes));
    const numRuns = Math.ceil(PAIRS / DATABASES / CHAIN);
    await Promise.all(databases.map(async (database) => fc.assert(property(await database), { numRuns, endOnFailure: true })));
    expect(outcomes.pairs).toBeGreaterThanOrEqual(PAIRS);
    expect(Math.min(outcomes.refused, outcomes.confirmed, outcomes.values)).toBeGreaterThan(PAIRS / 20);
  });
});
