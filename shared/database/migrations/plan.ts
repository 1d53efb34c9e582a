import type { Fault } from "#platform/errors";
import type { Catalog, CatalogColumn } from "../engines/catalog.ts";
import type { SchemaDialect } from "../engines/schema-dialect.ts";
import { type DbSchema, findTable, idColumn } from "../schema/db-schema.ts";
import { createKeyNames } from "./key-names.ts";
import type { Paths } from "./paths.ts";
import { type ColumnChange, planColumns, type Undeclared } from "./plan-columns.ts";
import { planKeys } from "./plan-keys.ts";
import {
  addReferenceStep,
  columnStep,
  createIndexStep,
  createTableStep,
  dropIndexStep,
  dropReferenceStep,
  dropTableStep,
  renameSteps,
} from "./plan-steps.ts";
import { findRenames, renamedCatalog, renamedSchema } from "./renames.ts";
import type { Step } from "./steps.ts";
import { wantedColumns } from "./wanted.ts";

export interface PlanRequest {
  /** What all apps of the workspace declare, together. */
  readonly declared: DbSchema;
  /** What the app that asks declared last. */
  readonly previous: DbSchema;
  /** Where the app's manifest says what. */
  readonly paths: Paths;
  /** What becomes of tables and columns that the app declared and nobody does any more. */
  readonly undeclared: Undeclared;
}

export interface PlannedChange {
  /** In an order in which they can be taken. */
  readonly steps: readonly Step[];
  /** Declarations that cannot be met; then nothing is to be done. */
  readonly faults: readonly Fault[];
}

interface TablePlan {
  readonly name: string;
  readonly wanted: readonly CatalogColumn[];
  readonly primaryKey: string;
  readonly exists: boolean;
  readonly changes: readonly ColumnChange[];
  readonly faults: readonly Fault[];
}

/** What is to become of each declared table. The catalog and what was declared before have the new names already. */
function planTables(
  { declared, paths, undeclared }: PlanRequest,
  previous: DbSchema,
  catalog: Catalog,
  dialect: SchemaDialect,
): TablePlan[] {
  return declared.tables.map((table) => {
    const { name } = table;
    const wanted = wantedColumns(dialect, table);
    const actual = catalog.get(name);
    const path = (column: string) => paths.column(name, column);
    const plan = actual && planColumns({ table, wanted, actual, previous: findTable(previous, name), undeclared, path });
    const { changes = [], faults = [] } = plan ?? {};
    return { name, wanted, primaryKey: idColumn(table)?.name ?? "", exists: actual !== undefined, changes, faults };
  });
}

/** The columns of some kinds of changes, as `table.column`. */
function columnsWith(tables: readonly TablePlan[], kinds: readonly ColumnChange["kind"][]): ReadonlySet<string> {
  return new Set(
    tables.flatMap(({ name, changes }) =>
      changes.flatMap((change) => ("before" in change && kinds.includes(change.kind) ? [`${name}.${change.before.name}`] : [])),
    ),
  );
}

/** Tables that the app declared last, and nobody does any more. */
function droppedTables({ declared, undeclared }: PlanRequest, previous: DbSchema, catalog: Catalog): string[] {
  if (undeclared === "keep") return [];
  return previous.tables.map(({ name }) => name).filter((name) => catalog.has(name) && !findTable(declared, name));
}

/**
 * What is to be done so that a database has everything that is declared, and nothing that the app declared before and nobody
 * does any more. What nobody ever declared is left alone. New names come first, then keys that end; then tables and columns go
 * and come, then indexes come, then the references that need both.
 */
export function planChanges(request: PlanRequest, actual: Catalog, dialect: SchemaDialect): PlannedChange {
  const { declared, paths } = request;
  const renames = findRenames(declared, request.previous, actual);
  const catalog = renamedCatalog(actual, renames);
  const previous = renamedSchema(request.previous, renames);
  const context = { dialect, catalog, paths };

  const tables = planTables(request, previous, catalog, dialect);
  const faults = tables.flatMap((table) => table.faults);
  if (faults.length > 0) return { steps: [], faults };

  const dropped = droppedTables(request, previous, catalog);
  const droppedColumns = columnsWith(tables, ["drop"]);
  const rewritten = columnsWith(tables, ["convert", "replace"]);
  const keys = planKeys({
    declared,
    previous,
    catalog,
    isTableDropped: (table) => dropped.includes(table),
    isColumnDropped: (table, column) => droppedColumns.has(`${table}.${column}`),
    isColumnRewritten: (table, column) => rewritten.has(`${table}.${column}`),
  });
  const released = [...keys.droppedIndexes, ...keys.droppedReferences].map(({ table, key }) => ({ table, name: key.name }));
  const names = createKeyNames(catalog, released);
  const wantedOf = (name: string) => tables.find((table) => table.name === name)?.wanted ?? [];
  const columnSteps = (isDrop: boolean) =>
    tables.flatMap(({ name, changes }) =>
      changes.filter(({ kind }) => (kind === "drop") === isDrop).map((change) => columnStep(context, name, change)),
    );
  const steps = [
    ...renameSteps(context, renames),
    ...keys.droppedReferences.map(({ table, key }) => dropReferenceStep(context, table, key)),
    ...keys.droppedIndexes.map(({ table, key }) => dropIndexStep(context, table, key)),
    ...columnSteps(true),
    ...dropped.map((table) => dropTableStep(context, table)),
    ...tables.filter(({ exists }) => !exists).map(({ name, wanted, primaryKey }) => createTableStep(context, name, wanted, primaryKey)),
    ...columnSteps(false),
    ...keys.createdIndexes.map(({ table, key }) => createIndexStep(context, names, table, key, wantedOf(table))),
    ...keys.addedReferences.map(({ table, key }) => addReferenceStep(context, names, table, key)),
  ];
  return { steps, faults: [] };
}
