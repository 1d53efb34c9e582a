import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildProgram } from "../../operations/build.ts";
import { dbOperationSchema } from "../../operations/operation.ts";
import { dbSchemaSchema } from "../../schema/db-schema.ts";
import { postgresOperations } from "./operations.ts";

const ID = "018f0000-0000-7000-8000-000000000000";
const schema = dbSchemaSchema.parse({
  tables: [
    {
      name: "leads",
      columns: [
        { name: "id", type: "id" },
        { name: "email", type: "text", unique: true },
        { name: "score", type: "integer", default: 0 },
        { name: "at", type: "timestamp", nullable: true },
        { name: "tags", type: "json", nullable: true },
      ],
      indexes: [{ columns: ["email", "score"], unique: true }],
    },
  ],
});

const build = (operation: unknown) => buildProgram(postgresOperations, schema, dbOperationSchema.parse(operation), () => ID);
const leads = (operation: object) => build({ table: "leads", ...operation });

function statement(operation: object) {
  const built = leads(operation);
  if (!built.ok) throw new Error(JSON.stringify(built.faults));
  if (built.program.kind !== "statement") throw new Error("one statement was expected");
  return built.program.statement;
}

function faults(operation: object): string[] {
  const built = leads(operation);
  return built.ok ? [] : built.faults.map(({ path, code, message }) => `${path} ${code}: ${message}`);
}

/** The conditions of a select, and their parameters. */
function where(conditions: object) {
  const { text, params } = statement({ operation: "select", where: conditions });
  return [/ WHERE (.*) LIMIT/.exec(text)?.[1], ...params];
}

describe("buildProgram for PostgreSQL", () => {
  it("selects declared columns, a page at a time", () => {
    const order_by = [{ column: "score", direction: "desc" }, { column: "email" }];
    expect(statement({ operation: "select", order_by, offset: 20 })).toEqual({
      text: 'SELECT "id", "email", "score", "at", "tags" FROM "leads" ORDER BY "score" DESC, "email" ASC LIMIT 100 OFFSET 20',
      params: [],
    });
  });

  it("inserts rows with ids of its own and defaults for what is not given", () => {
    const { text, params } = statement({ operation: "insert", values: [{ email: "a" }, { email: "b", at: "2026-01-02T00:00:00+01:00" }] });
    expect(text).toContain(
      'INSERT INTO "leads" ("id", "email", "score", "at", "tags") VALUES ($1, $2, DEFAULT, DEFAULT, DEFAULT), ($3, $4, DEFAULT, $5, DEFAULT)',
    );
    expect(params).toEqual([ID, "a", ID, "b", "2026-01-01T23:00:00.000Z"]);
  });

  it("updates and deletes with conditions only", () => {
    const update = statement({ operation: "update", values: { score: "9007199254740993", tags: { a: 1 } }, where: { email: "a" } });
    expect(update.text).toContain('UPDATE "leads" SET "score" = $1, "tags" = $2 WHERE "email" = $3 RETURNING');
    expect(update.params).toEqual(["9007199254740993", '{"a":1}', "a"]);
    expect(faults({ operation: "update", values: { score: 1 }, where: {} })).toEqual([
      "where required: update needs at least one condition",
    ]);
    expect(faults({ operation: "delete", where: {} })).toEqual(["where required: delete needs at least one condition"]);
    expect(dbOperationSchema.safeParse({ operation: "delete", table: "leads" }).success).toBe(false);
  });

  it("upserts by the id, a unique column, or the columns that it is told", () => {
    const conflict = (operation: object) =>
      / ON CONFLICT .*?(?= RETURNING)/.exec(statement({ operation: "upsert", ...operation }).text)?.[0];
    expect(conflict({ values: { email: "a", score: 1 } })).toBe(' ON CONFLICT ("email") DO UPDATE SET "score" = EXCLUDED."score"');
    expect(conflict({ values: { id: ID, email: "a" } })).toBe(' ON CONFLICT ("id") DO UPDATE SET "email" = EXCLUDED."email"');
    expect(conflict({ values: { email: "a" } })).toBe(' ON CONFLICT ("email") DO UPDATE SET "email" = EXCLUDED."email"');
    const both = conflict({ values: { email: "a", score: 1, tags: [] }, conflict: ["score", "email"] });
    expect(both).toBe(' ON CONFLICT ("score", "email") DO UPDATE SET "tags" = EXCLUDED."tags"');
    expect(faults({ operation: "upsert", values: { email: "a", score: 1 }, conflict: ["score"] })[0]).toMatch(/^conflict not_unique/);
    expect(faults({ operation: "upsert", values: [{ email: "a" }, { email: "b", score: 1 }] })[0]).toMatch(/^values uneven_rows/);
  });

  it("knows every operator, all of them together", () => {
    expect(where({ email: "a", score: { gte: 1, lt: 9 } })).toEqual(['"email" = $1 AND "score" >= $2 AND "score" < $3', "a", "1", "9"]);
    expect(where({ email: { in: ["a", "b"], ne: "c", like: "%d" } })).toEqual([
      '"email" IN ($1, $2) AND "email" IS DISTINCT FROM $3 AND "email" LIKE $4',
      "a",
      "b",
      "c",
      "%d",
    ]);
    expect(where({ at: null })).toEqual(['"at" IS NULL']);
    expect(where({ at: { ne: null } })).toEqual(['"at" IS NOT NULL']);
    expect(where({ at: { is_null: false } })).toEqual(['"at" IS NOT NULL']);
    expect(where({ email: { in: [] } })).toEqual(["FALSE"]);
    expect(where({ tags: { eq: { a: 1 } } })).toEqual(['"tags" = $1', '{"a":1}']);
  });

  it.each([
    [{ operation: "select", where: { nothing: 1 } }, 'where.nothing unknown_column: there is no column "nothing" in table "leads"'],
    [
      { operation: "select", where: { email: undefined } },
      "where.email invalid_value: leads.email is compared with nothing: the expression has no value",
    ],
    [
      { operation: "delete", where: { email: { eq: undefined } } },
      "where.email.eq invalid_value: leads.email is compared with nothing: the expression has no value",
    ],
    [{ operation: "select", where: { score: "x" } }, "where.score invalid_value: leads.score must be a whole number of 64 bits"],
    [
      { operation: "select", where: { score: { lt: null } } },
      "where.score.lt invalid_value: leads.score must be a whole number of 64 bits",
    ],
    [{ operation: "select", where: { score: { like: "1" } } }, "where.score.like invalid_value: leads.score is not a text: like needs one"],
    [
      { operation: "select", where: { email: { matches: "a" } } },
      'where.email.matches unknown_operator: leads.email has no operator "matches"',
    ],
    [
      { operation: "select", where: { email: {} } },
      "where.email invalid_value: leads.email takes a value or eq, ne, gt, gte, lt, lte, in, like, is_null",
    ],
    [{ operation: "select", order_by: [{ column: "x" }] }, 'order_by[0].column unknown_column: there is no column "x" in table "leads"'],
    [{ operation: "insert", values: { score: 1 } }, "values.email required: leads.email must have a value"],
    [{ operation: "insert", values: [{ email: "a" }, { email: null }] }, "values[1].email required: leads.email must have a value"],
    [{ operation: "insert", values: { email: 5 } }, "values.email invalid_value: leads.email must be a text"],
    [{ operation: "insert", values: { email: "a", x: 1 } }, 'values.x unknown_column: there is no column "x" in table "leads"'],
    [
      { operation: "update", values: { at: "soon" }, where: { email: "a" } },
      "values.at invalid_value: leads.at must be an RFC 3339 time with its offset, or a date",
    ],
    [{ operation: "update", values: {}, where: { email: "a" } }, "values required: update needs at least one value"],
    [{ operation: "count", table: "nothing" }, 'table unknown_table: there is no table "nothing" in db_schema'],
  ])("refuses %j", (operation, fault) => {
    expect(faults(operation)).toEqual([fault]);
  });

  it("never writes a value into the statement", () => {
    const value = fc.string({ minLength: 1 }).map((text) => `<${text.replaceAll("\0", "")}>`);
    fc.assert(
      fc.property(value, (email) => {
        for (const operation of [
          { operation: "insert", values: { email } },
          { operation: "upsert", values: { email } },
          { operation: "update", values: { email }, where: { email: { like: email } } },
          { operation: "delete", where: { email: { in: [email] } } },
        ]) {
          const { text, params } = statement(operation);
          expect(text).not.toContain(email);
          expect(params).toContain(email);
        }
      }),
    );
  });
});
