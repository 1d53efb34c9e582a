import type { Fault } from "#platform/errors";
import type { CatalogColumn, CatalogTable } from "../engines/catalog.ts";
import { type DbTable, findColumn, idColumn } from "../schema/db-schema.ts";
import { conversionEffect } from "./conversions.ts";
import type { Step } from "./steps.ts";

export type Undeclared = "drop" | "keep";

/** A declared table, as it is, and as it is to be. */
export interface TableSubject {
  readonly table: DbTable;
  readonly wanted: readonly CatalogColumn[];
  readonly actual: CatalogTable;
  /** What the app declared of it last. */
  readonly previous: DbTable | undefined;
  readonly undeclared: Undeclared;
  path(column: string): string;
}

/** What is to become of a column. */
export type ColumnChange =
  | { readonly kind: "add"; readonly after: CatalogColumn }
  | { readonly kind: "alter"; readonly before: CatalogColumn; readonly after: CatalogColumn }
  | { readonly kind: "convert"; readonly before: CatalogColumn; readonly after: CatalogColumn; readonly effect: Step["effect"] }
  | { readonly kind: "replace"; readonly before: CatalogColumn; readonly after: CatalogColumn }
  | { readonly kind: "drop"; readonly before: CatalogColumn };

interface ColumnPlan {
  readonly changes: readonly ColumnChange[];
  readonly faults: readonly Fault[];
}

const refused = (path: string, code: string, message: string): ColumnPlan => ({ changes: [], faults: [{ path, code, message }] });
const change = (...changes: readonly ColumnChange[]): ColumnPlan => ({ changes, faults: [] });

/** Rows that exist need a value in a new column. */
function needsValue({ actual }: TableSubject, after: CatalogColumn): boolean {
  return actual.hasRows && !after.nullable && after.default === null;
}

function missingDefault({ table }: TableSubject, path: string): ColumnPlan {
  const message = `table "${table.name}" has rows, which need a value here: make the column nullable or give it a default`;
  return refused(path, "missing_default", message);
}

/** The primary key is what everything holds on to: it may have another name, and nothing else. */
function planKey({ table, actual }: TableSubject, before: CatalogColumn | undefined, after: CatalogColumn, path: string): ColumnPlan {
  if (!before || actual.primaryKey.join() !== after.name) {
    const message = `table "${table.name}" exists with another primary key (${actual.primaryKey.join(", ") || "none"})`;
    return refused(path, "id_column_conflict", message);
  }
  return before.storage === after.storage ? change() : typeConflict(table, before, after, path);
}

function typeConflict(table: DbTable, before: CatalogColumn, { type }: CatalogColumn, path: string): ColumnPlan {
  return refused(path, "type_conflict", `${table.name}.${before.name} exists as ${before.storage}; its type cannot change to ${type}`);
}

function planType(subject: TableSubject, before: CatalogColumn, after: CatalogColumn, path: string): ColumnPlan {
  const { table } = subject;
  // What no manifest could declare was made by somebody else.
  if (before.type === null || after.type === null) return typeConflict(table, before, after, path);
  const effect = conversionEffect(before.type, after.type);
  if (effect !== undefined) return change({ kind: "convert", before, after, effect });
  return needsValue(subject, after) ? missingDefault(subject, path) : change({ kind: "replace", before, after });
}

function planColumn(subject: TableSubject, wanted: CatalogColumn): ColumnPlan {
  const { table, actual, undeclared } = subject;
  const path = subject.path(wanted.name);
  const before = actual.columns.find(({ name }) => name === wanted.name);
  if (wanted.name === idColumn(table)?.name) return planKey(subject, before, wanted, path);
  if (!before) return needsValue(subject, wanted) ? missingDefault(subject, path) : change({ kind: "add", after: wanted });
  // A version from before it was optional must not be refused for the rows that came since.
  const after = undeclared === "keep" ? { ...wanted, nullable: wanted.nullable || before.nullable } : wanted;
  if (before.type !== after.type || before.storage !== after.storage) return planType(subject, before, after, path);
  const isSame = before.nullable === after.nullable && before.default === after.default;
  return isSame ? change() : change({ kind: "alter", before, after });
}

/**
 * A column that is no longer declared goes, if the app had declared it. Any other stays, with its values; it only stops being
 * required, or no row could be added.
 */
function planUndeclared({ table, actual, previous, undeclared }: TableSubject): ColumnChange[] {
  return actual.columns.flatMap((before): ColumnChange[] => {
    if (findColumn(table, before.name) || actual.primaryKey.includes(before.name)) return [];
    if (undeclared === "drop" && previous && findColumn(previous, before.name)) return [{ kind: "drop", before }];
    const isRequired = !before.nullable && before.default === null;
    return isRequired ? [{ kind: "alter", before, after: { ...before, nullable: true } }] : [];
  });
}

/** What is to become of the columns of a table that exists. */
export function planColumns(subject: TableSubject): ColumnPlan {
  const plans = subject.wanted.map((column) => planColumn(subject, column));
  return {
    changes: [...planUndeclared(subject), ...plans.flatMap((plan) => plan.changes)],
    faults: plans.flatMap((plan) => plan.faults),
  };
}
