import type { OnDelete } from "../../schema/db-schema.ts";
import type { CatalogColumn, CatalogIndex, CatalogReference } from "../catalog.ts";
import type { Check, Move, NewIndex, NewReference, SchemaDialect } from "../schema-dialect.ts";
import { conversionExpression, unfitChecks } from "./conversions.ts";
import { quoteIdentifier as quote } from "./quoting.ts";
import { defaultExpression, keyCharacters, lengthOf, mysqlStorage, storageSql } from "./types.ts";

const ON_DELETE: Readonly<Record<OnDelete, string>> = { restrict: "RESTRICT", cascade: "CASCADE", set_null: "SET NULL" };

/** What is to be dropped is first only put aside under such a name, where it can be brought back from. */
const aside = (name: string) => `_dropped_${name}`;

/** Characters of a long text that an index looks at, at most. */
const PREFIX = 191;

const alter = (table: string, ...actions: readonly string[]) => `ALTER TABLE ${quote(table)} ${actions.join(", ")}`;

function move(run: string, undo: readonly string[], rest: Partial<Pick<Move, "finish" | "checks">> = {}): Move {
  return { run, undo, finish: [], checks: [], ...rest };
}

const optional = (column: CatalogColumn): CatalogColumn => ({ ...column, nullable: true });

/** Finds rows without a value where one is to be required: a server that is not strict would make some up. */
function nullChecks(table: string, after: CatalogColumn, before?: CatalogColumn): readonly Check[] {
  if (after.nullable || before?.nullable === false) return [];
  const sql = `SELECT 1 FROM ${quote(table)} WHERE ${quote(after.name)} IS NULL LIMIT 1`;
  return [{ sql, message: "rows exist that have no value here, or none that fits" }];
}

/** An index's parts; of long texts their beginnings, so that the whole fits a key. */
function parts({ columns, unique }: Pick<NewIndex, "columns" | "unique">): string {
  const limit = Math.min(PREFIX, keyCharacters(columns.map(({ type }) => type)));
  return columns
    .map(({ name, type, storage }) => {
      const isShort = type !== "text" || unique || (lengthOf(storage) ?? Number.POSITIVE_INFINITY) <= limit;
      return isShort ? quote(name) : `${quote(name)}(${limit})`;
    })
    .join(", ");
}

/** MySQL's DDL commits by itself, so that each statement comes with its way back. */
export function createMysqlSchemaDialect(collation: string): SchemaDialect {
  const typed = (column: CatalogColumn) => {
    const expression = defaultExpression(column);
    const value = expression === undefined ? "" : ` DEFAULT ${expression}`;
    return `${storageSql(column, collation)}${column.nullable ? " NULL" : " NOT NULL"}${value}`;
  };
  const definition = (column: CatalogColumn) => `${quote(column.name)} ${typed(column)}`;
  const renamed = (column: CatalogColumn, name: string) => `CHANGE COLUMN ${quote(column.name)} ${definition({ ...column, name })}`;
  const modified = (column: CatalogColumn) => `MODIFY COLUMN ${definition(column)}`;

  /** Puts a column aside, where it requires no value; with more to be done in the same statement. */
  const putAside = (table: string, column: CatalogColumn, more: readonly string[] = [], undoMore: readonly string[] = []): Move => {
    const hidden = { ...optional(column), name: aside(column.name), default: null };
    return move(
      alter(table, renamed(optional({ ...column, default: null }), hidden.name), ...more),
      // Rows that came meanwhile have no value in it: those keep a required column from being required again, and no more.
      [
        alter(table, ...undoMore, `CHANGE COLUMN ${quote(hidden.name)} ${definition(optional(column))}`),
        ...(column.nullable ? [] : [alter(table, modified(column))]),
      ],
      { finish: [alter(table, `DROP COLUMN ${quote(hidden.name)}`)] },
    );
  };

  const addIndex = (table: string, index: NewIndex) =>
    alter(table, `ADD ${index.unique ? "UNIQUE " : ""}INDEX ${quote(index.name)} (${parts(index)})`);
  const dropIndex = (table: string, { name }: Pick<CatalogIndex, "name">) => alter(table, `DROP INDEX ${quote(name)}`);
  /** With an index of its own, so that no other is needed for it. */
  const addReference = (table: string, { name, column, table: target, targetColumn, onDelete }: NewReference, hasOwnIndex = true) =>
    alter(
      table,
      ...(hasOwnIndex ? [`ADD INDEX ${quote(name)} (${quote(column)})`] : []),
      `ADD CONSTRAINT ${quote(name)} FOREIGN KEY (${quote(column)}) REFERENCES ${quote(target)} (${quote(targetColumn)}) ON DELETE ${ON_DELETE[onDelete]}`,
    );
  const dropReference = (table: string, { name, hasOwnIndex }: Pick<CatalogReference, "name" | "hasOwnIndex">) =>
    alter(table, `DROP FOREIGN KEY ${quote(name)}`, ...(hasOwnIndex ? [`DROP INDEX ${quote(name)}`] : []));

  return {
    storage: mysqlStorage,
    createTable: (table, columns, primaryKey) => {
      const lines = [...columns.map(definition), `PRIMARY KEY (${quote(primaryKey)})`];
      const options = `ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE ${collation}`;
      return [move(`CREATE TABLE ${quote(table)} (${lines.join(", ")}) ${options}`, [`DROP TABLE ${quote(table)}`])];
    },
    dropTable: (table) => {
      const hidden = aside(table);
      const [run, undo] = [`RENAME TABLE ${quote(table)} TO ${quote(hidden)}`, `RENAME TABLE ${quote(hidden)} TO ${quote(table)}`];
      return [move(run, [undo], { finish: [`DROP TABLE ${quote(hidden)}`] })];
    },
    renameTable: (table, name) => [
      move(`RENAME TABLE ${quote(table)} TO ${quote(name)}`, [`RENAME TABLE ${quote(name)} TO ${quote(table)}`]),
    ],
    // Defaults of texts are expressions, which are worked out row by row.
    copiesToAdd: ({ type, default: value }) => value !== null && (type === "text" || type === "json"),
    addColumn: (table, column) => [
      move(alter(table, `ADD COLUMN ${definition(column)}`), [alter(table, `DROP COLUMN ${quote(column.name)}`)]),
    ],
    dropColumn: (table, column) => [putAside(table, column)],
    renameColumn: (table, column, name) => [
      move(alter(table, renamed(column, name)), [alter(table, renamed({ ...column, name }, column.name))]),
    ],
    alterColumn: (table, before, after) => [
      move(alter(table, modified(after)), [alter(table, modified(before))], { checks: nullChecks(table, after, before) }),
    ],
    convertColumn: (table, before, after) => {
      const unfit = unfitChecks(table, before, after);
      if (before.type === after.type) {
        const checks = [...unfit, ...nullChecks(table, after, before)];
        return [move(alter(table, modified(after)), [alter(table, modified(before))], { checks })];
      }
      const [from, to] = [quote(aside(after.name)), quote(after.name)];
      const swap = putAside(table, before, [`ADD COLUMN ${definition({ ...optional(after), default: null })}`], [`DROP COLUMN ${to}`]);
      const value = conversionExpression(before, after, from);
      // The way back of these two is the swap's.
      const fill = move(`UPDATE ${quote(table)} SET ${to} = ${value} WHERE ${from} IS NOT NULL AND ${to} IS NULL`, []);
      const settle = move(alter(table, modified(after)), [], { checks: nullChecks(table, after) });
      return [{ ...swap, checks: unfit }, fill, settle];
    },
    replaceColumn: (table, before, after) => [
      putAside(table, before, [`ADD COLUMN ${definition(after)}`], [`DROP COLUMN ${quote(after.name)}`]),
    ],
    createIndex: (table, index) => [move(addIndex(table, index), [dropIndex(table, index)])],
    dropIndex: (table, index, columns) => [move(dropIndex(table, index), [addIndex(table, { ...index, columns })])],
    addReference: (table, reference) => [
      move(addReference(table, reference), [dropReference(table, { name: reference.name, hasOwnIndex: true })]),
    ],
    dropReference: (table, reference) => {
      const undo = addReference(table, { ...reference, onDelete: reference.onDelete ?? "restrict" }, reference.hasOwnIndex);
      return [move(dropReference(table, reference), [undo])];
    },
  };
}
