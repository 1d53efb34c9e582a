import { describe, expect, it } from "vitest";
import { dbSchemaSchema } from "./db-schema.ts";
import { validateDbSchema } from "./schema-faults.ts";

const id = { name: "id", type: "id" };
const faultsOf = (...tables: unknown[]) => validateDbSchema(dbSchemaSchema.parse({ tables })).map(({ path, code }) => `${code} ${path}`);
const withColumn = (column: object) => faultsOf({ name: "leads", columns: [id, { name: "x", type: "text", ...column }] });

describe("validateDbSchema", () => {
  it("accepts what can be made", () => {
    const leads = {
      name: "leads",
      columns: [
        id,
        { name: "email", type: "text", unique: true, default: "" },
        { name: "desk", type: "id", references: "desks", nullable: true },
        { name: "parent", type: "id", references: { table: "leads", on_delete: "cascade" } },
        { name: "at", type: "timestamp", default: "now" },
        { name: "gone", type: "text", nullable: true, default: null },
        { name: "order", type: "integer", default: "9223372036854775807" },
        { name: "tags", type: "json", default: [] },
      ],
      indexes: [{ columns: ["at", "email"] }],
    };
    expect(faultsOf(leads, { name: "desks", columns: [{ name: "key", type: "id" }] })).toEqual([]);
  });

  it("names every fault at once, where it is", () => {
    const faults = faultsOf(
      {
        name: "Leads",
        columns: [id, { name: "x y", type: "text" }, { name: "x y", type: "text" }],
        indexes: [{ columns: ["z", "id", "id"] }],
      },
      { name: "Leads", columns: [{ name: "a", type: "integer", default: 1.5 }] },
    );
    expect(faults).toEqual([
      "invalid_identifier db_schema.tables[0].name",
      "invalid_identifier db_schema.tables[0].columns[1].name",
      "invalid_identifier db_schema.tables[0].columns[2].name",
      "duplicate_column db_schema.tables[0].columns[2].name",
      "unknown_index_column db_schema.tables[0].indexes[0].columns[0]",
      "duplicate_index_column db_schema.tables[0].indexes[0].columns[2]",
      "invalid_identifier db_schema.tables[1].name",
      "duplicate_table db_schema.tables[1].name",
      "missing_id_column db_schema.tables[1].columns",
      "invalid_default db_schema.tables[1].columns[0].default",
    ]);
  });

  it.each(["", "1a", "_a", "a-b", "A", "pg_class", "ctid", "a".repeat(49), 'a"b', "é"])("refuses the name %j", (name) => {
    expect(withColumn({ name })).toEqual(["invalid_identifier db_schema.tables[0].columns[1].name"]);
  });

  it.each([
    ["a number for text", { default: 5 }],
    ["null where a value is required", { default: null }],
    ["a day that does not exist", { type: "timestamp", default: "2026-02-30" }],
    ["a time without an offset", { type: "timestamp", default: "2026-02-03T04:05:06" }],
    ["any id", { type: "id", references: "leads", default: "018f0000-0000-7000-8000-000000000000" }],
    ["an integer that does not fit", { type: "integer", default: "9223372036854775808" }],
  ])("refuses as a default: %s", (_, column) => {
    expect(withColumn(column)).toEqual(["invalid_default db_schema.tables[0].columns[1].default"]);
  });

  it.each([
    ["an unknown table", { type: "id", references: "nowhere" }, "unknown_reference"],
    ["an unknown column", { references: { table: "leads", column: "nothing" } }, "unknown_reference"],
    ["another type", { references: "leads" }, "invalid_reference"],
    ["a column that is not unique", { references: { table: "leads", column: "x" } }, "invalid_reference"],
    ["set_null without nullable", { type: "id", references: { table: "leads", on_delete: "set_null" } }, "invalid_reference"],
  ])("refuses a reference to %s", (_, column, code) => {
    expect(withColumn(column)).toEqual([`${code} db_schema.tables[0].columns[1].references`]);
  });

  it("lets a name before be nobody's now, and one thing's alone", () => {
    const renamed = (name: string, renamed_from: string) => ({ name, type: "text", renamed_from });
    expect(
      faultsOf({ name: "leads", renamed_from: "people", columns: [{ ...id, renamed_from: "key" }, renamed("email", "mail")] }),
    ).toEqual([]);
    expect(faultsOf({ name: "leads", renamed_from: "leads", columns: [id] })).toEqual(["invalid_rename db_schema.tables[0].renamed_from"]);
    expect(
      faultsOf({ name: "leads", columns: [id, renamed("a", "id"), renamed("b", "c"), renamed("d", "c"), renamed("e", "No")] }),
    ).toEqual([
      "invalid_rename db_schema.tables[0].columns[1].renamed_from",
      "invalid_rename db_schema.tables[0].columns[2].renamed_from",
      "invalid_rename db_schema.tables[0].columns[3].renamed_from",
      "invalid_identifier db_schema.tables[0].columns[4].renamed_from",
    ]);
  });

  it("refuses keys of JSON, and the name of what migrations keep", () => {
    const tags = { name: "tags", type: "json" };
    expect(faultsOf({ name: "leads", columns: [id, { ...tags, unique: true }], indexes: [{ columns: ["tags"] }] })).toEqual([
      "invalid_unique db_schema.tables[0].columns[1].unique",
      "invalid_index db_schema.tables[0].indexes[0].columns[0]",
    ]);
    expect(faultsOf({ name: "schema_migrations", columns: [id] })).toEqual(["invalid_identifier db_schema.tables[0].name"]);
  });

  it("wants exactly one primary key, which always has a value", () => {
    expect(withColumn({ type: "id" })).toEqual(["several_id_columns db_schema.tables[0].columns"]);
    expect(faultsOf({ name: "leads", columns: [{ ...id, nullable: true }] })).toEqual([
      "invalid_id_column db_schema.tables[0].columns[0].nullable",
    ]);
  });
});
