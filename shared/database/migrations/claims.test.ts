import { describe, expect, it } from "vitest";
import { type DbSchema, dbSchemaSchema } from "../schema/db-schema.ts";
import { mergeClaims } from "./claims.ts";

const id = { name: "id", type: "id" };
const email = { name: "email", type: "text", unique: true };
const note = { name: "note", type: "text", nullable: true };
const schema = (...tables: unknown[]): DbSchema => dbSchemaSchema.parse({ tables });
const leads = (columns: unknown[], rest: object = {}) => ({ name: "leads", columns: [id, ...columns], ...rest });

const merge = (mine: DbSchema, theirs: DbSchema) => mergeClaims(mine, [{ appId: "app_2", name: "Desk", schema: theirs }]);
const faults = (mine: DbSchema, theirs: DbSchema) => merge(mine, theirs).faults.map(({ path, message }) => `${path}: ${message}`);

describe("mergeClaims", () => {
  it("puts together what several apps declare of one table", () => {
    const mine = schema(leads([email, { name: "score", type: "integer", default: 0 }], { indexes: [{ columns: ["score"] }] }));
    const theirs = schema(leads([note, email], { indexes: [{ columns: ["score", "email"] }, { columns: ["score"] }] }), {
      name: "desks",
      columns: [id],
    });
    const { schema: merged, faults: none } = merge(mine, theirs);
    expect(none).toEqual([]);
    expect(merged.tables.map(({ name, columns }) => [name, columns.map((column) => column.name)])).toEqual([
      ["leads", ["id", "email", "score", "note"]],
      ["desks", ["id"]],
    ]);
    expect(merged.tables[0]?.indexes).toEqual([{ columns: ["score"] }, { columns: ["score", "email"] }]);
  });

  it.each([
    ["type", { ...email, type: "integer" }, "type integer, here it is text"],
    ["nullable", { ...email, nullable: true }, "nullable true, here it is false"],
    ["default", { ...email, default: "x" }, "default =x, here it is nothing"],
    ["unique", { ...email, unique: false }, "unique false, here it is true"],
  ])("names a column of which another app has another %s", (_, theirs, message) => {
    expect(faults(schema(leads([email])), schema(leads([theirs])))).toEqual([
      `db_schema.tables[0].columns[1]: the app "Desk" shares leads.email and declares ${message}`,
    ]);
  });

  it("names another reference, another id column and another index", () => {
    const desks = { name: "desks", columns: [id] };
    const at = { name: "at", type: "id", nullable: true, references: "desks" };
    const cascade = { ...at, references: { table: "desks", on_delete: "cascade" } };
    expect(faults(schema(leads([at]), desks), schema(leads([cascade]), desks))).toEqual([
      'db_schema.tables[0].columns[1]: the app "Desk" shares leads.at and declares references desks.id on delete cascade, here it is desks.id on delete restrict',
    ]);
    expect(faults(schema(leads([])), schema({ name: "leads", columns: [{ name: "key", type: "id" }] }))).toEqual([
      'db_schema.tables[0].columns[0]: the app "Desk" shares the table leads and calls its id column key',
    ]);
    const indexed = (unique: boolean) => schema(leads([note, email], { indexes: [{ columns: ["note"], unique }] }));
    expect(faults(indexed(true), indexed(false))).toEqual([
      'db_schema.tables[0].indexes[0]: the app "Desk" shares the table leads and declares this index without unique',
    ]);
  });

  it("names what one requires and the other could not give, either way", () => {
    const [with_, without] = [schema(leads([{ ...email, unique: false }])), schema(leads([note]))];
    expect(faults(with_, without)[0]).toMatch(
      /^db_schema\.tables\[0\]\.columns\[1\]: the app "Desk" shares the table leads and does not know email/,
    );
    expect(faults(without, with_)[0]).toMatch(/^db_schema\.tables\[0\]: the app "Desk" shares the table leads and requires email/);
  });

  it("lets nobody rename what another app uses", () => {
    const mine = schema({ name: "people", renamed_from: "leads", columns: [id, { ...note, name: "text", renamed_from: "note" }] });
    expect(faults(mine, schema(leads([note])))).toEqual([
      'db_schema.tables[0].renamed_from: the app "Desk" uses leads under this name',
      'db_schema.tables[0].columns[1].renamed_from: the app "Desk" uses leads.note under this name',
    ]);
  });
});
