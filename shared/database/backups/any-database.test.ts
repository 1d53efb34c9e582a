import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { contentsOf, restoreContents } from "../../../tests/database/backup-world.ts";
import { createSchemaWorld, emptyDatabase, type SchemaWorld } from "../../../tests/database/schema-world.ts";
import { anySchema, VALUES } from "../../../tests/database/schemas.ts";
import { createWorld, ENGINES, type World } from "../../../tests/database/world.ts";
import type { EngineName } from "../providers/provider.ts";
import { type DbSchema, idColumn } from "../schema/db-schema.ts";

/** Databases that go back and forth between two engines. */
const RUNS = 10;

// Real servers answer; how soon depends on the machine.
vi.setConfig({ testTimeout: 300_000 });

let world: World;
const databases = new Map<string, SchemaWorld>();

beforeAll(async () => {
  world = await createWorld();
}, 120_000);
afterAll(() => world?.close());

async function databaseOf(engine: EngineName, side: string): Promise<SchemaWorld> {
  const workspaceId = `wrk_${engine}_${side}`;
  const database = databases.get(workspaceId) ?? (await createSchemaWorld(world, engine, workspaceId));
  databases.set(workspaceId, database);
  return database;
}

/** A schema with some values for the columns of each table; references come without. */
const anyContents = anySchema.chain((schema) =>
  fc.record({
    schema: fc.constant(schema),
    rows: fc.tuple(
      ...schema.tables.map((table) => {
        const values = table.columns.flatMap(({ name, type, nullable }) =>
          type === "id" ? [] : [[name, nullable ? fc.option(VALUES[type]) : VALUES[type]] as const],
        );
        return fc.array(fc.record(Object.fromEntries(values)), { maxLength: 4 });
      }),
    ),
  }),
);

let ids = 0;

/** Adds the rows that the schema's unique keys let in. */
async function fill(database: SchemaWorld, schema: DbSchema, rows: readonly (readonly Record<string, unknown>[])[]): Promise<void> {
  for (const [position, table] of schema.tables.entries()) {
    for (const row of rows[position] ?? []) {
      ids += 1;
      const id = `018f0000-0000-7000-8000-${ids.toString(16).padStart(12, "0")}`;
      await database.insert(schema, table.name, [{ ...row, [idColumn(table)?.name ?? ""]: id }]).catch(() => undefined);
    }
  }
}

describe.each(ENGINES.flatMap((from) => ENGINES.map((to) => ({ from, to }))))("any database at $from", ({ from, to }) => {
  it(`is the same at ${to}, and on its way back`, async () => {
    const [source, target] = [await databaseOf(from, "source"), await databaseOf(to, "target")];
    let restores = 0;
    await fc.assert(
      fc.asyncProperty(anyContents, async ({ schema, rows }) => {
        await source.change({ tables: [] }, schema);
        await fill(source, schema, rows);
        const contents = await contentsOf(world, `wrk_${from}_source`, from);
        restores += 1;
        await restoreContents(world, target.database, contents, `rst_${from}_${to}_${restores}`, from);
        expect(await contentsOf(world, `wrk_${to}_target`, to)).toEqual(contents);
        await emptyDatabase(source, schema);
        await restoreContents(world, source.database, contents, `rst_${to}_${from}_${restores}`, to);
        expect(await contentsOf(world, `wrk_${from}_source`, from)).toEqual(contents);
        // To the migrations too, it is what was declared.
        expect((await source.plan(schema, schema)).steps).toEqual([]);
        await emptyDatabase(source, schema);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});
