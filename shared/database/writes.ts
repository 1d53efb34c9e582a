import { quoteIdentifier } from "./identifiers.ts";
import type { DbOperation } from "./operation.ts";
import { type DbColumn, type DbTable, findColumn, idColumn } from "./schema.ts";
import type { StatementDraft } from "./statement-draft.ts";
import { encodeValue, expectationOf } from "./values.ts";

type Row = Readonly<Record<string, unknown>>;
type Upsert = Extract<DbOperation, { operation: "upsert" }>;

const rowsOf = (values: Row | readonly Row[]): readonly Row[] => [values].flat();

/** Names the row only where there are several. */
const rowPath = (values: Row | readonly Row[], index: number) => (Array.isArray(values) ? `values[${index}]` : "values");

/** What an expression without a result leaves behind counts as not given. */
const isGiven = (row: Row, name: string) => Object.hasOwn(row, name) && row[name] !== undefined;

/** The placeholder of a value that is to be stored in a column. */
function stored(draft: StatementDraft, table: DbTable, column: DbColumn, value: unknown, path: string): string {
  if (value === null && column.nullable) return draft.param(null);
  const encoded = value === null ? undefined : encodeValue(column.type, value);
  if (encoded !== undefined) return draft.param(encoded);
  const message = value === null ? "must have a value" : expectationOf(column.type);
  draft.faults.push({ path, code: value === null ? "required" : "invalid_value", message: `${table.name}.${column.name} ${message}` });
  return "NULL";
}

function refuseUnknownColumns(draft: StatementDraft, table: DbTable, row: Row, path: string): void {
  for (const name of Object.keys(row)) {
    if (!findColumn(table, name)) draft.unknownColumn(`${path}.${name}`, table, name);
  }
}

/** What a new row holds in a column: the value given, an id of our making, or the column's default. */
function cell(draft: StatementDraft, table: DbTable, column: DbColumn, row: Row, path: string, makeId: () => string): string {
  const at = `${path}.${column.name}`;
  if (isGiven(row, column.name)) return stored(draft, table, column, row[column.name], at);
  if (column === idColumn(table)) return draft.param(makeId());
  if (!column.nullable && column.default === undefined) {
    draft.faults.push({ path: at, code: "required", message: `${table.name}.${column.name} must have a value` });
  }
  return "DEFAULT";
}

/** `(columns) VALUES (…), (…)`: the id and every column that any of the rows gives; the rest takes its default. */
export function insertedRows(draft: StatementDraft, table: DbTable, values: Row | readonly Row[], makeId: () => string): string {
  const rows = rowsOf(values);
  for (const [index, row] of rows.entries()) refuseUnknownColumns(draft, table, row, rowPath(values, index));
  const tuples = rows.map((row, index) => table.columns.map((column) => cell(draft, table, column, row, rowPath(values, index), makeId)));
  const columns = table.columns.map((column) => quoteIdentifier(column.name)).join(", ");
  return `(${columns}) VALUES ${tuples.map((tuple) => `(${tuple.join(", ")})`).join(", ")}`;
}

/** `"a" = $1, "b" = $2` of an update. */
export function assignments(draft: StatementDraft, table: DbTable, values: Row): string {
  refuseUnknownColumns(draft, table, values, "values");
  const columns = table.columns.filter((column) => isGiven(values, column.name));
  if (columns.length === 0) draft.faults.push({ path: "values", code: "required", message: "update needs at least one value" });
  return columns
    .map((column) => `${quoteIdentifier(column.name)} = ${stored(draft, table, column, values[column.name], `values.${column.name}`)}`)
    .join(", ");
}

/** Whether the database keeps these columns' values unique together. */
function isUniqueTogether(table: DbTable, names: readonly string[]): boolean {
  const sorted = [...names].sort().join();
  const [only] = names.length === 1 ? names : [];
  const column = only === undefined ? undefined : findColumn(table, only);
  if (column && (column.unique || column === idColumn(table))) return true;
  return (table.indexes ?? []).some((index) => index.unique && [...index.columns].sort().join() === sorted);
}

function conflictColumns(table: DbTable, { conflict }: Upsert, given: readonly string[]): readonly string[] {
  if (conflict) return conflict;
  const id = idColumn(table)?.name;
  if (id !== undefined && given.includes(id)) return [id];
  return given.filter((name) => findColumn(table, name)?.unique).slice(0, 1);
}

/** ` ON CONFLICT (…) DO UPDATE SET …`: an existing row takes the given values and keeps its id and everything else. */
export function conflictClause(draft: StatementDraft, table: DbTable, operation: Upsert): string {
  const rows = rowsOf(operation.values);
  const given = table.columns.map((column) => column.name).filter((name) => rows.some((row) => isGiven(row, name)));
  if (rows.some((row) => given.some((name) => !isGiven(row, name)))) {
    draft.faults.push({ path: "values", code: "uneven_rows", message: "upsert needs the same columns in every row" });
  }
  const target = conflictColumns(table, operation, given);
  if (target.length === 0) {
    const message = `needs the id or a unique column of "${table.name}" among its values, or conflict`;
    draft.faults.push({ path: "values", code: "required", message: `upsert ${message}` });
  } else if (!isUniqueTogether(table, target)) {
    draft.faults.push({ path: "conflict", code: "not_unique", message: `${target.join(", ")} of "${table.name}" are not unique together` });
  }
  const updated = given.filter((name) => name !== idColumn(table)?.name && !target.includes(name));
  // Setting the key to itself changes nothing, and makes the existing row come back.
  const set = (updated.length > 0 ? updated : target).map((name) => `${quoteIdentifier(name)} = EXCLUDED.${quoteIdentifier(name)}`);
  return `ON CONFLICT (${target.map(quoteIdentifier).join(", ")}) DO UPDATE SET ${set.join(", ")}`;
}
