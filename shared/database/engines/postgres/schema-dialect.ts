import type { OnDelete } from "../../schema/db-schema.ts";
import type { CatalogColumn } from "../catalog.ts";
import type { Check, Move, SchemaDialect } from "../schema-dialect.ts";
import { conversionExpression, inexactCondition } from "./conversions.ts";
import { quoteIdentifier as quote } from "./quoting.ts";
import { defaultExpression, POSTGRES_TYPES } from "./types.ts";

const ON_DELETE: Readonly<Record<OnDelete, string>> = { restrict: "NO ACTION", cascade: "CASCADE", set_null: "SET NULL" };

/** The transaction leads back, and nothing is put aside. */
function move(run: string, checks: readonly Check[] = []): readonly Move[] {
  return [{ run, undo: [], finish: [], checks }];
}

const alter = (table: string, ...actions: readonly string[]) => `ALTER TABLE ${quote(table)} ${actions.join(", ")}`;
const list = (columns: readonly CatalogColumn[]) => columns.map(({ name }) => quote(name)).join(", ");

function definition(column: CatalogColumn): string {
  const expression = defaultExpression(column);
  const value = expression === undefined ? "" : ` DEFAULT ${expression}`;
  return `${quote(column.name)} ${column.storage}${column.nullable ? "" : " NOT NULL"}${value}`;
}

function nullability(column: string, before: CatalogColumn, after: CatalogColumn): string[] {
  return before.nullable === after.nullable ? [] : [`${column} ${after.nullable ? "DROP" : "SET"} NOT NULL`];
}

function defaulting(column: string, after: CatalogColumn): string {
  const expression = defaultExpression(after);
  return expression === undefined ? `${column} DROP DEFAULT` : `${column} SET DEFAULT ${expression}`;
}

export const postgresSchemaDialect: SchemaDialect = {
  storage: (_table, column) => POSTGRES_TYPES[column.type],
  createTable: (table, columns, primaryKey) => {
    const parts = columns.map((column) => `${definition(column)}${column.name === primaryKey ? " PRIMARY KEY" : ""}`);
    return move(`CREATE TABLE ${quote(table)} (${parts.join(", ")})`);
  },
  dropTable: (table) => move(`DROP TABLE ${quote(table)}`),
  renameTable: (table, name) => move(alter(table, `RENAME TO ${quote(name)}`)),
  copiesToAdd: () => false,
  addColumn: (table, column) => move(alter(table, `ADD COLUMN ${definition(column)}`)),
  dropColumn: (table, column) => move(alter(table, `DROP COLUMN ${quote(column.name)}`)),
  renameColumn: (table, column, name) => move(alter(table, `RENAME COLUMN ${quote(column.name)} TO ${quote(name)}`)),
  alterColumn: (table, before, after) => {
    const column = `ALTER COLUMN ${quote(after.name)}`;
    const value = before.default === after.default ? [] : [defaulting(column, after)];
    return move(alter(table, ...nullability(column, before, after), ...value));
  },
  convertColumn: (table, before, after) => {
    const name = quote(after.name);
    const column = `ALTER COLUMN ${name}`;
    const inexact = inexactCondition(before.type, after.type, name);
    const sql = `SELECT 1 FROM ${quote(table)} WHERE ${inexact} LIMIT 1`;
    const checks = inexact === undefined ? [] : [{ sql, message: "rows exist whose value does not fit here" }];
    const statement = alter(
      table,
      // The old type's default has no place in the new one.
      `${column} DROP DEFAULT`,
      `${column} TYPE ${after.storage} USING (${conversionExpression(before.type, after.type, name)})`,
      ...nullability(column, before, after),
      ...(after.default === null ? [] : [defaulting(column, after)]),
    );
    return move(statement, checks);
  },
  replaceColumn: (table, before, after) => move(alter(table, `DROP COLUMN ${quote(before.name)}`, `ADD COLUMN ${definition(after)}`)),
  createIndex: (table, { columns, unique }) => move(`CREATE ${unique ? "UNIQUE " : ""}INDEX ON ${quote(table)} (${list(columns)})`),
  dropIndex: (table, { name, isConstraint }) =>
    move(isConstraint ? alter(table, `DROP CONSTRAINT ${quote(name)}`) : `DROP INDEX ${quote(name)}`),
  addReference: (table, { column, table: target, targetColumn, onDelete }) => {
    const key = `FOREIGN KEY (${quote(column)}) REFERENCES ${quote(target)} (${quote(targetColumn)}) ON DELETE ${ON_DELETE[onDelete]}`;
    return move(alter(table, `ADD ${key}`));
  },
  dropReference: (table, { name }) => move(alter(table, `DROP CONSTRAINT ${quote(name)}`)),
};
