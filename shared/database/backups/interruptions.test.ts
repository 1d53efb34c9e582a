import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Contents, contentsOf, eventsOf, restoreContents } from "../../../tests/database/backup-world.ts";
import { createSchemaWorld, type SchemaWorld } from "../../../tests/database/schema-world.ts";
import { createWorld, ENGINES, type World } from "../../../tests/database/world.ts";
import type { Driver } from "../engines/driver.ts";
import { type DbSchema, dbSchemaSchema } from "../schema/db-schema.ts";
import type { ArchiveEvent } from "./archive-reader.ts";
import { exchangeStaged } from "./exchange.ts";
import { readRows } from "./rows.ts";
import { stageArchive } from "./staging.ts";

// Real servers answer; how soon depends on the machine.
vi.setConfig({ testTimeout: 120_000 });

const id = (number: number) => `018f0000-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;

/** Two states of one database: other tables, other columns, other rows, references in a circle. */
const STATES: readonly { readonly schema: DbSchema; readonly rows: Readonly<Record<string, Record<string, unknown>[]>> }[] = [
  {
    schema: dbSchemaSchema.parse({
      tables: [
        {
          name: "notes",
          columns: [
            { name: "id", type: "id" },
            { name: "text", type: "text", unique: true },
            { name: "before", type: "id", nullable: true, references: "notes" },
            { name: "desk", type: "id", nullable: true, references: "desks" },
          ],
        },
        {
          name: "desks",
          columns: [
            { name: "id", type: "id" },
            { name: "first", type: "id", nullable: true, references: "notes" },
          ],
        },
      ],
    }),
    rows: { notes: [{ id: id(1), text: "one", before: id(1) }], desks: [{ id: id(2), first: id(1) }] },
  },
  {
    schema: dbSchemaSchema.parse({
      tables: [
        {
          name: "notes",
          columns: [
            { name: "id", type: "id" },
            { name: "number", type: "integer", default: 0 },
          ],
          indexes: [{ columns: ["number"] }],
        },
      ],
    }),
    rows: {
      notes: [
        { id: id(3), number: 3 },
        { id: id(4), number: 4 },
      ],
    },
  },
];

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 120_000);
afterAll(() => world?.close());

/** A driver that is cut off once so many statements have been carried out: of the last nobody hears. */
function cutOffAfter(driver: Driver, statements: number): { readonly driver: Driver; readonly isCutOff: () => boolean } {
  let left = statements;
  const count = <T>(answer: T): T => {
    left -= 1;
    if (left < 0) throw new Error("cut off");
    return answer;
  };
  const check = () => {
    if (left < 0) throw new Error("cut off");
  };
  return {
    isCutOff: () => left < 0,
    driver: {
      async run(...args) {
        check();
        return count(await driver.run(...args));
      },
      async read(...args) {
        check();
        return count(await driver.read(...args));
      },
      async command(...args) {
        check();
        count(await driver.command(...args));
      },
      async transaction(address, work, options) {
        check();
        const result = await driver.transaction(
          address,
          async (query) => count(await work(async (statement) => count(await query(statement)))),
          options,
        );
        return count(result);
      },
    },
  };
}

async function make(database: SchemaWorld, before: DbSchema, schema: DbSchema, rows: Readonly<Record<string, Record<string, unknown>[]>>) {
  const losses = await database.plan(before, schema);
  await database.change(before, schema, { confirm: losses.hash });
  for (const [table, values] of Object.entries(rows)) await database.insert(schema, table, values);
}

describe.each(ENGINES)("a restore at %s", (engine) => {
  const workspaceId = `wrk_${engine}`;
  const look = () => contentsOf(world, workspaceId, engine);

  it("that is interrupted at whatever statement leaves the database as it was, or restored, and the next one comes to its end", async () => {
    const database = await createSchemaWorld(world, engine, workspaceId);
    const states: Contents[] = [];
    let before: DbSchema = { tables: [] };
    for (const { schema, rows } of STATES) {
      await make(database, before, schema, rows);
      states.push(await look());
      before = schema;
    }
    const owned = database.database;
    let at = 1;
    let changes = 0;
    for (let statements = 0; ; statements += 1) {
      const target = states[1 - at];
      if (!target) throw new Error("there are two states");
      const { driver, isCutOff } = cutOffAfter(owned.engine.driver, statements);
      const cut = { ...owned, engine: { ...owned.engine, driver } };
      const outcome = await restoreContents(world, cut, target, `rst_${statements}`).catch((error: Error) => error);
      const found = await look();
      if (!isCutOff()) {
        expect(outcome).toBeUndefined();
        expect(found).toEqual({ ...target, others: [] });
        break;
      }
      expect(outcome).toMatchObject({ message: "cut off" });
      const { tables } = found;
      expect([states[0]?.tables, states[1]?.tables]).toContainEqual(tables);
      if (JSON.stringify(tables) === JSON.stringify(target.tables)) {
        at = 1 - at;
        changes += 1;
      }
    }
    expect(changes).toBeGreaterThan(0);
  });

  it("that is over does nothing when it is repeated, nor does one that another has overtaken", async () => {
    const database = { engine: world.engines[engine], address: await world.addressOf(workspaceId, "owner") };
    const contents = await look();
    await restoreContents(world, database, contents, "rst_over");
    const { quote } = database.engine.operations.dialect;
    await database.engine.driver.command(database.address, `DELETE FROM ${quote("notes")} WHERE ${quote("id")} = '${id(3)}'`);
    const after = await look();
    expect(after).not.toEqual(contents);
    await restoreContents(world, database, contents, "rst_over");
    expect(await look()).toEqual(after);
    await stageArchive(database, eventsOf(contents, engine), "rst_slow");
    await stageArchive(database, eventsOf(contents, engine), "rst_fast");
    await expect(exchangeStaged(world.ctx, database, "rst_slow")).rejects.toMatchObject({ code: "invalid_state" });
    expect((await look()).tables).toEqual(after.tables);
  });

  it("takes nothing in of rows that the archive's tally does not cover", async () => {
    const database = { engine: world.engines[engine], address: await world.addressOf(workspaceId, "owner") };
    const contents = await look();
    async function* fewer(): AsyncGenerator<ArchiveEvent> {
      for await (const event of eventsOf(contents, engine)) if (event.kind !== "rows") yield event;
    }
    await expect(stageArchive(database, fewer(), "rst_fewer")).rejects.toMatchObject({ code: "invalid_state" });
    await expect(exchangeStaged(world.ctx, database, "rst_fewer")).rejects.toMatchObject({ code: "invalid_state" });
    expect((await look()).tables).toEqual(contents.tables);
  });

  it("reads large tables in pages of bounded size", async () => {
    const owned = { engine: world.engines[engine], address: await world.addressOf(workspaceId, "owner") };
    const { driver } = owned.engine;
    const [{ quote }, { dialect }] = [
      owned.engine.operations.dialect,
      await owned.engine.introspect((statement) => driver.run(owned.address, statement)),
    ];
    const column = (name: string, type: "id" | "text") => ({ name, type, nullable: false, default: null });
    const table = { name: "large", primary_key: "id", columns: [column("id", "id"), column("text", "text")], indexes: [], references: [] };
    const columns = table.columns.map((each) => ({
      ...each,
      storage: dialect.storage({ name: "large", columns: table.columns.map(({ name, type }) => ({ name, type })) }, each),
    }));
    for (const { run } of dialect.createTable("large", columns, "id")) await driver.command(owned.address, run);
    // As many digits as the rows' number has noughts.
    const digits = engine === "postgres" ? 5 : 4;
    const digit = `(${Array.from({ length: 10 }, (_, value) => `SELECT ${value} AS d`).join(" UNION ALL ")})`;
    const places = Array.from({ length: digits }, (_, place) => place);
    const n = places.map((place) => `d${place}.d * ${10 ** place}`).join(" + ");
    const numbers = `(SELECT ${n} AS n FROM ${places.map((place) => `${digit} AS d${place}`).join(" CROSS JOIN ")}) AS s`;
    const uuid = `concat('018f0000-0000-7000-8000-', lpad(${engine === "postgres" ? "n::text" : "n"}, 12, '0'))`;
    const values = `${engine === "postgres" ? `(${uuid})::uuid` : uuid}, CASE WHEN n < 15 THEN repeat('y', 300000) ELSE 'x' END`;
    await driver.command(owned.address, `INSERT INTO ${quote("large")} SELECT ${values} FROM ${numbers}`);
    let rows = 0;
    for await (const page of readRows((statement) => driver.run(owned.address, statement), owned.engine, table)) {
      rows += page.length;
      const bytes = page.flat().reduce((sum, text) => sum + (text?.length ?? 0), 0);
      expect(page.length).toBeLessThanOrEqual(1000);
      expect(bytes).toBeLessThanOrEqual(1024 * 1024);
    }
    expect(rows).toBe(10 ** digits);
  });
});
