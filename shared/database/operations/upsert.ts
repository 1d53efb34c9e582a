import { type DbTable, findColumn, idColumn } from "../schema/db-schema.ts";
import type { SingleOperation } from "./operation.ts";
import type { StatementDraft } from "./statement-draft.ts";
import { isGiven, rowsOf } from "./writes.ts";

export type Upsert = Extract<SingleOperation, { operation: "upsert" }>;

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

/** What an upsert goes by. */
export interface UpsertColumns {
  /** Unique together: they decide whether a row exists already. */
  readonly target: readonly string[];
  /** What an existing row takes from the given one; it keeps its id and everything else. */
  readonly updated: readonly string[];
}

/** The columns of an upsert; what does not fit the table becomes a fault. */
export function upsertColumns(draft: StatementDraft, table: DbTable, operation: Upsert): UpsertColumns {
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
  return { target, updated };
}
