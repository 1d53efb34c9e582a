import { describe, expect, it } from "vitest";
import type { CatalogTable } from "../engines/postgres/catalog.ts";
import { dbSchemaSchema } from "../schema/db-schema.ts";
import { planChanges } from "./plan.ts";

const id = { name: "id", type: "id" };
const plan = (tables: unknown[], ...existing: CatalogTable[]) =>
  planChanges(dbSchemaSchema.parse({ tables }), new Map(existing.map((table) => [table.name, table])));

const leads: CatalogTable = {
  name: "leads",
  columns: [
    { name: "id", type: "uuid", notNull: true, default: null },
    { name: "email", type: "text", notNull: true, default: "'it''s'::text" },
  ],
  indexes: [{ columns: ["id"], unique: true, primary: true }],
  references: [],
  hasRows: true,
};

describe("planChanges", () => {
  it("makes tables first, then indexes, then the references between them", () => {
    const columns = [
      id,
      { name: "desk", type: "id", references: "desks" },
      { name: "at", type: "timestamp", default: "now", unique: true },
    ];
    const { changes, faults } = plan([
      { name: "order", columns, indexes: [{ columns: ["desk", "at"] }, { columns: ["at"] }] },
      { name: "desks", columns: [id] },
    ]);
    expect(faults).toEqual([]);
    expect(changes.map(({ sql }) => sql)).toEqual([
      'CREATE TABLE "order" ("id" uuid PRIMARY KEY, "desk" uuid NOT NULL, "at" timestamp(3) with time zone NOT NULL DEFAULT now())',
      'CREATE TABLE "desks" ("id" uuid PRIMARY KEY)',
      'CREATE UNIQUE INDEX ON "order" ("at")',
      'CREATE INDEX ON "order" ("desk", "at")',
      'ALTER TABLE "order" ADD FOREIGN KEY ("desk") REFERENCES "desks" ("id") ON DELETE NO ACTION',
    ]);
  });

  it("asks for nothing where everything is there", () => {
    expect(plan([{ name: "leads", columns: [id, { name: "email", type: "text", default: "it's" }] }], leads)).toEqual({
      changes: [],
      faults: [],
    });
  });

  it("relaxes and re-defaults a column, and requires a value of an existing one only from now on", () => {
    const { changes } = plan([{ name: "leads", columns: [id, { name: "email", type: "text", nullable: true, default: "new" }] }], leads);
    expect(changes.map(({ sql }) => sql)).toEqual([
      'ALTER TABLE "leads" ALTER COLUMN "email" DROP NOT NULL',
      `ALTER TABLE "leads" ALTER COLUMN "email" SET DEFAULT 'new'::text`,
    ]);
    const loose = { ...leads, columns: leads.columns.map((column) => ({ ...column, notNull: column.name === "id" })) };
    expect(plan([{ name: "leads", columns: [id, { name: "email", type: "text" }] }], loose)).toEqual({ changes: [], faults: [] });
  });

  it("adds a required column to an empty table, and to one with rows only with a default", () => {
    const columns = [id, { name: "email", type: "text" }, { name: "kind", type: "text" }];
    expect(plan([{ name: "leads", columns }], { ...leads, hasRows: false }).changes).toHaveLength(1);
    expect(plan([{ name: "leads", columns }], leads).faults).toMatchObject([
      { path: "db_schema.tables[0].columns[2]", code: "missing_default" },
    ]);
    expect(plan([{ name: "leads", columns: [...columns.slice(0, 2), { ...columns[2], default: "x" }] }], leads).faults).toEqual([]);
  });
});
