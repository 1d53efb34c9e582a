import { describe, expect, it } from "vitest";
import type { CatalogTable } from "../engines/catalog.ts";
import { postgresSchemaDialect } from "../engines/postgres/schema-dialect.ts";
import { type DbSchema, dbSchemaSchema } from "../schema/db-schema.ts";
import { pathsOf } from "./paths.ts";
import { planChanges } from "./plan.ts";
import { viewPlan } from "./steps.ts";

const id = { name: "id", type: "id" };
const schema = (...tables: unknown[]): DbSchema => dbSchemaSchema.parse({ tables });

const leads: CatalogTable = {
  name: "leads",
  columns: [
    { name: "id", type: "id", storage: "uuid", nullable: false, default: null },
    { name: "email", type: "text", storage: "text", nullable: false, default: "=it's" },
  ],
  primaryKey: ["id"],
  indexes: [],
  references: [],
  takenNames: [],
  hasRows: true,
};
const email = { name: "email", type: "text", default: "it's" };
const asLeads = (...columns: unknown[]) => schema({ name: "leads", columns: [id, ...columns] });

function plan(
  declared: DbSchema,
  existing: readonly CatalogTable[] = [],
  previous: DbSchema = schema(),
  undeclared: "drop" | "keep" = "drop",
) {
  const request = { declared, previous, paths: pathsOf(declared), undeclared };
  return planChanges(request, new Map(existing.map((table) => [table.name, table])), postgresSchemaDialect);
}
const statements = (...of: Parameters<typeof plan>) => plan(...of).steps.flatMap(({ moves }) => moves.map(({ run }) => run));
const kinds = (...of: Parameters<typeof plan>) => plan(...of).steps.map(({ kind, effect, locks }) => `${kind} ${effect} ${locks}`);

describe("planChanges", () => {
  it("makes tables first, then indexes, then the references between them", () => {
    const columns = [
      id,
      { name: "desk", type: "id", references: "desks" },
      { name: "at", type: "timestamp", default: "now", unique: true },
    ];
    const declared = schema(
      { name: "order", columns, indexes: [{ columns: ["desk", "at"] }, { columns: ["at"] }] },
      { name: "desks", columns: [id] },
    );
    expect(statements(declared)).toEqual([
      'CREATE TABLE "order" ("id" uuid NOT NULL PRIMARY KEY, "desk" uuid NOT NULL, "at" timestamp(3) with time zone NOT NULL DEFAULT now())',
      'CREATE TABLE "desks" ("id" uuid NOT NULL PRIMARY KEY)',
      'CREATE UNIQUE INDEX ON "order" ("at")',
      'CREATE INDEX ON "order" ("desk", "at")',
      'ALTER TABLE "order" ADD FOREIGN KEY ("desk") REFERENCES "desks" ("id") ON DELETE NO ACTION',
    ]);
    expect(plan(declared).steps.map(({ path }) => path)).toEqual([
      "db_schema.tables[0]",
      "db_schema.tables[1]",
      "db_schema.tables[0].indexes[1]",
      "db_schema.tables[0].indexes[0]",
      "db_schema.tables[0].columns[1].references",
    ]);
  });

  it("asks for nothing where everything is there", () => {
    expect(plan(asLeads(email), [leads])).toEqual({ steps: [], faults: [] });
  });

  it("says what would be lost, and how long others wait", () => {
    const was = asLeads(email);
    expect(kinds(asLeads({ name: "email", type: "integer", nullable: true }), [leads], was)).toEqual(["convert_column lossy long"]);
    expect(kinds(asLeads({ name: "email", type: "json", nullable: true }), [leads], was)).toEqual(["replace_column destructive brief"]);
    expect(kinds(asLeads(), [leads], was)).toEqual(["drop_column destructive brief"]);
    expect(kinds(schema(), [leads], was)).toEqual(["drop_table destructive brief"]);
    const indexed = schema({ name: "leads", columns: [id, email], indexes: [{ columns: ["email"] }] });
    expect(kinds(indexed, [leads], was)).toEqual(["create_index additive long"]);
    expect(kinds(indexed, [{ ...leads, hasRows: false }], was)).toEqual(["create_index additive brief"]);
  });

  it("drops what the app declared before, and nothing else", () => {
    expect(statements(asLeads(), [leads])).toEqual([]);
    expect(statements(schema(), [leads])).toEqual([]);
    expect(statements(schema(), [leads], asLeads(email), "keep")).toEqual([]);
    const required = { ...leads, columns: leads.columns.map((column) => ({ ...column, default: null })) };
    const released = ['ALTER TABLE "leads" ALTER COLUMN "email" DROP NOT NULL'];
    expect(statements(asLeads(), [required])).toEqual(released);
    expect(statements(asLeads(), [required], asLeads(email), "keep")).toEqual(released);
  });

  it("renames what is declared to have had another name, once, and back again", () => {
    const mail = { ...email, name: "mail", renamed_from: "email" };
    const people = schema({ name: "people", renamed_from: "leads", columns: [id, mail] });
    const renamed = ['ALTER TABLE "leads" RENAME TO "people"', 'ALTER TABLE "people" RENAME COLUMN "email" TO "mail"'];
    expect(statements(people, [leads], asLeads(email))).toEqual(renamed);
    const after = {
      ...leads,
      name: "people",
      columns: leads.columns.map((column) => ({ ...column, name: column.name.replace("email", "mail") })),
    };
    expect(statements(people, [after], people)).toEqual([]);
    expect(statements(asLeads(email), [after], people, "keep")).toEqual([
      'ALTER TABLE "people" RENAME TO "leads"',
      'ALTER TABLE "leads" RENAME COLUMN "mail" TO "email"',
    ]);
  });

  it("does not require values of an older version's columns that came empty since", () => {
    const loose = { ...leads, columns: leads.columns.map((column) => ({ ...column, nullable: column.name !== "id" })) };
    expect(statements(asLeads(email), [loose], asLeads(email), "keep")).toEqual([]);
    expect(statements(asLeads(email), [loose], asLeads(email))).toEqual(['ALTER TABLE "leads" ALTER COLUMN "email" SET NOT NULL']);
  });

  it("ends keys for as long as a column on which they stand is rewritten", () => {
    const desks = { ...leads, name: "desks" };
    const index = { name: "leads_email_idx", columns: ["email"], unique: true, isConstraint: false };
    const foreign = {
      name: "notes_lead_fkey",
      column: "email",
      table: "leads",
      targetColumn: "email",
      onDelete: "restrict",
      hasOwnIndex: false,
    } as const;
    const declared = (type: string) => [
      { name: "leads", columns: [id, { name: "email", type, unique: true }] },
      { name: "desks", columns: [id, { name: "email", type, references: { table: "leads", column: "email" } }] },
    ];
    const wide = [
      { ...leads, indexes: [index] },
      { ...desks, references: [foreign] },
    ].map((table) => ({
      ...table,
      columns: table.columns.map((column) =>
        column.name === "email" ? { ...column, type: "integer" as const, storage: "bigint", default: null } : column,
      ),
    }));
    expect(kinds(schema(...declared("text")), wide, schema(...declared("integer"))).map((text) => text.split(" ")[0])).toEqual([
      "drop_reference",
      "drop_index",
      "convert_column",
      "convert_column",
      "create_index",
      "add_reference",
    ]);
  });

  it.each([
    ["a required column for rows that have no value", asLeads(email, { name: "kind", type: "text" }), "columns[2]", "missing_default"],
    ["another primary key", schema({ name: "leads", columns: [{ name: "key", type: "id" }, email] }), "columns[0]", "id_column_conflict"],
    ["a new type without a value for the rows", asLeads({ name: "email", type: "json" }), "columns[1]", "missing_default"],
  ])("refuses %s", (_, declared, path, code) => {
    expect(plan(declared, [leads], asLeads(email))).toMatchObject({ steps: [], faults: [{ path: `db_schema.tables[0].${path}`, code }] });
  });

  it("leaves types alone that nobody could declare", () => {
    const address = { name: "email", type: null, storage: "inet", nullable: true, default: null };
    const foreign = { ...leads, columns: [...leads.columns.slice(0, 1), address] };
    expect(plan(asLeads(email), [foreign]).faults).toMatchObject([{ code: "type_conflict" }]);
  });
});

describe("viewPlan", () => {
  it("gives plans the same hash when they do the same", async () => {
    const was = asLeads(email);
    const [full, empty] = [[leads], [{ ...leads, hasRows: false }]];
    const hashOf = async (declared: DbSchema, existing: CatalogTable[]) => (await viewPlan(plan(declared, existing, was).steps)).hash;
    const indexed = schema({ name: "desks", columns: [id] }, { name: "leads", columns: [id, email], indexes: [{ columns: ["email"] }] });
    expect(await hashOf(indexed, full)).toBe(await hashOf(indexed, empty));
    expect(await hashOf(indexed, full)).toMatch(/^[0-9a-f]{64}$/);
    expect(await hashOf(asLeads(), full)).not.toBe(await hashOf(schema(), full));
  });
});
