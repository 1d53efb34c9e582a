import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSchemaWorld } from "../../../../tests/database/schema-world.ts";
import { createWorld, ENGINES, type World } from "../../../../tests/database/world.ts";
import { type DbSchema, dbSchemaSchema } from "../../schema/db-schema.ts";

const leads = (...columns: object[]): DbSchema =>
  dbSchemaSchema.parse({ tables: [{ name: "leads", columns: [{ name: "id", type: "id" }, ...columns] }] });

describe.skipIf(!ENGINES.includes("mysql"))("a change that another finds under way", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  }, 120_000);
  afterAll(() => world.close());

  it("is undone, and whoever was at work on it is told so", async () => {
    const database = await createSchemaWorld(world, "mysql", "wrk_0overtaken");
    await database.change(dbSchemaSchema.parse({ tables: [] }), leads());
    const { catalog } = await database.look();
    const { driver } = database.database.engine;
    const [changed, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = database.through({
      ...driver,
      command: async (address, text) => {
        await driver.command(address, text);
        changed.resolve();
        await goOn.promise;
      },
    });
    const change = slow.change(leads(), leads({ name: "late", type: "text", nullable: true })).then(
      () => "done",
      ({ code }) => code,
    );
    await changed.promise;
    // When the other is about to undo it, it goes on, as far as it gets.
    const other = database.through({
      ...driver,
      command: async (address, text) => {
        goOn.resolve();
        await change;
        await driver.command(address, text);
      },
    });
    await other.look();
    expect(await change).toBe("conflict");
    expect((await database.look()).catalog).toEqual(catalog);
  });
});
