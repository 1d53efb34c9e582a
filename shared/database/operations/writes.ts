import { type DbColumn, type DbTable, findColumn, idColumn } from "../schema/db-schema.ts";
import { encodeValue, expectationOf } from "../schema/values.ts";
import type { StatementDraft } from "./statement-draft.ts";

export type Row = Readonly<Record<string, unknown>>;

export const rowsOf = (values: Row | readonly Row[]): readonly Row[] => [values].flat();

/** Names the row only where there are several. */
const rowPath = (values: Row | readonly Row[], index: number) => (Array.isArray(values) ? `values[${index}]` : "values");

/** What an expression without a result leaves behind counts as not given. */
export const isGiven = (row: Row, name: string) => Object.hasOwn(row, name) && row[name] !== undefined;

/** The placeholder of a value that is to be stored in a column. */
function stored(draft: StatementDraft, table: DbTable, column: DbColumn, value: unknown, path: string): string {
  if (value === null && column.nullable) return draft.param(null);
  const encoded = value === null ? undefined : encodeValue(column.type, value);
  if (encoded !== undefined) return draft.encoded(column.type, encoded);
  const message = value === null ? "must have a value" : expectationOf(column.type);
  draft.faults.push({ path, code: value === null ? "required" : "invalid_value", message: `${table.name}.${column.name} ${message}` });
  return "NULL";
}

function refuseUnknownColumns(draft: StatementDraft, table: DbTable, row: Row, path: string): void {
  for (const name of Object.keys(row)) {
    if (!findColumn(table, name)) draft.unknownColumn(`${path}.${name}`, table, name);
  }
}

/** What a new row holds in a column: the value given, or the column's default. */
function cell(draft: StatementDraft, table: DbTable, column: DbColumn, row: Row, path: string): string {
  const at = `${path}.${column.name}`;
  if (isGiven(row, column.name)) return stored(draft, table, column, row[column.name], at);
  if (!column.nullable && column.default === undefined) {
    draft.faults.push({ path: at, code: "required", message: `${table.name}.${column.name} must have a value` });
  }
  return "DEFAULT";
}

/** The rows with the ids that they are to have: those given, or of our making. */
export function withIds(table: DbTable, values: Row | readonly Row[], makeId: () => string): readonly Row[] {
  const id = idColumn(table)?.name;
  return rowsOf(values).map((row) => (id === undefined || isGiven(row, id) ? row : { ...row, [id]: makeId() }));
}

/** `(columns) VALUES (…), (…)` of rows that have ids. `values` are the rows as they were given, by which faults name them. */
export function insertedRows(draft: StatementDraft, table: DbTable, rows: readonly Row[], values: Row | readonly Row[]): string {
  for (const [index, row] of rows.entries()) refuseUnknownColumns(draft, table, row, rowPath(values, index));
  const tuples = rows.map((row, index) => table.columns.map((column) => cell(draft, table, column, row, rowPath(values, index))));
  const columns = table.columns.map((column) => draft.dialect.quote(column.name)).join(", ");
  return `(${columns}) VALUES ${tuples.map((tuple) => `(${tuple.join(", ")})`).join(", ")}`;
}

/** `"a" = $1, "b" = $2` of an update. */
export function assignments(draft: StatementDraft, table: DbTable, values: Row): string {
  refuseUnknownColumns(draft, table, values, "values");
  const columns = table.columns.filter((column) => isGiven(values, column.name));
  if (columns.length === 0) draft.faults.push({ path: "values", code: "required", message: "update needs at least one value" });
  return columns
    .map((column) => `${draft.dialect.quote(column.name)} = ${stored(draft, table, column, values[column.name], `values.${column.name}`)}`)
    .join(", ");
}
