import type { Catalog, CatalogColumn, CatalogIndex, CatalogReference } from "../engines/catalog.ts";
import type { SchemaDialect } from "../engines/schema-dialect.ts";
import type { KeyNames } from "./key-names.ts";
import type { Paths } from "./paths.ts";
import type { ColumnChange } from "./plan-columns.ts";
import type { Renames } from "./renames.ts";
import type { Step } from "./steps.ts";
import type { WantedIndex, WantedReference } from "./wanted.ts";

/** Everything that steps are made from, by the names that things have once they are renamed. */
export interface StepContext {
  readonly dialect: SchemaDialect;
  readonly catalog: Catalog;
  readonly paths: Paths;
}

interface Draft extends Omit<Step, "column" | "effect" | "locks"> {
  readonly column?: string;
  readonly effect?: Step["effect"];
  /** It reads or writes every row, and holds the table for as long. */
  readonly readsRows?: boolean;
}

function step({ catalog }: StepContext, { column, effect = "additive", readsRows = false, ...rest }: Draft): Step {
  const actual = catalog.get(rest.table);
  const locks = actual === undefined ? "none" : readsRows && actual.hasRows ? "long" : "brief";
  return { ...rest, column: column ?? null, effect, locks };
}

export function renameSteps(context: StepContext, { tables, columns }: Renames): Step[] {
  const { dialect, catalog, paths } = context;
  const ofTables = tables.map(({ from, to }) => {
    const moves = dialect.renameTable(from, to);
    return step(context, { kind: "rename_table", table: to, path: paths.table(to), message: `renames the table ${from} to ${to}`, moves });
  });
  const ofColumns = columns.flatMap(({ table, from, to }) => {
    const column = catalog.get(table)?.columns.find(({ name }) => name === to);
    if (!column) return [];
    const moves = dialect.renameColumn(table, { ...column, name: from }, to);
    const message = `renames ${table}.${from} to ${to}`;
    return [step(context, { kind: "rename_column", table, column: to, path: paths.column(table, to), message, moves })];
  });
  return [...ofTables, ...ofColumns];
}

export function createTableStep(context: StepContext, table: string, columns: readonly CatalogColumn[], primaryKey: string): Step {
  const moves = context.dialect.createTable(table, columns, primaryKey);
  return step(context, { kind: "create_table", table, path: context.paths.table(table), message: `creates the table ${table}`, moves });
}

export function dropTableStep(context: StepContext, table: string): Step {
  const message = `drops the table ${table} with all its rows`;
  const moves = context.dialect.dropTable(table);
  return step(context, { kind: "drop_table", table, path: context.paths.table(table), effect: "destructive", message, moves });
}

function alteration({ nullable, default: before }: CatalogColumn, after: CatalogColumn): string {
  const needs = nullable === after.nullable ? [] : [after.nullable ? "need not have a value" : "must have a value"];
  const value = before === after.default ? [] : [after.default === null ? "has no default" : "has another default"];
  return [...needs, ...value].join(" and ");
}

/** A step on one column of a table that exists. */
export function columnStep(context: StepContext, table: string, change: ColumnChange): Step {
  const { dialect, paths } = context;
  const column = "after" in change ? change.after.name : change.before.name;
  const name = `${table}.${column}`;
  const draft = (rest: Omit<Draft, "table" | "path">) => step(context, { table, column, path: paths.column(table, column), ...rest });
  switch (change.kind) {
    case "add": {
      const readsRows = dialect.copiesToAdd(change.after);
      return draft({ kind: "add_column", message: `adds ${name}`, readsRows, moves: dialect.addColumn(table, change.after) });
    }
    case "alter": {
      const { before, after } = change;
      const message = `from now on ${name} ${alteration(before, after)}`;
      const readsRows = before.nullable && !after.nullable;
      return draft({ kind: "alter_column", message, readsRows, moves: dialect.alterColumn(table, before, after) });
    }
    case "convert": {
      const { before, after, effect } = change;
      const loss = effect === "lossy" ? "; values without a counterpart are lost" : "";
      const message = `converts ${name} from ${before.storage} to ${after.storage}${loss}`;
      return draft({ kind: "convert_column", effect, message, readsRows: true, moves: dialect.convertColumn(table, before, after) });
    }
    case "replace": {
      const { before, after } = change;
      const message = `makes ${name} anew as ${after.type}: all its values are lost, since ${before.type} has nothing in common with it`;
      return draft({ kind: "replace_column", effect: "destructive", message, moves: dialect.replaceColumn(table, before, after) });
    }
    case "drop": {
      const message = `drops ${name} with all its values`;
      return draft({ kind: "drop_column", effect: "destructive", message, moves: dialect.dropColumn(table, change.before) });
    }
  }
}

const list = (columns: readonly string[]) => columns.join(", ");

export function createIndexStep(
  context: StepContext,
  names: KeyNames,
  table: string,
  index: WantedIndex,
  wanted: readonly CatalogColumn[],
): Step {
  const { dialect, catalog, paths } = context;
  const known = [...wanted, ...(catalog.get(table)?.columns ?? [])];
  const columns = index.columns.flatMap((name) => known.find((column) => column.name === name) ?? []);
  const name = names.index(table, index.columns, index.unique);
  const message = `makes ${index.unique ? "a unique" : "an"} index of ${table} (${list(index.columns)})`;
  const moves = dialect.createIndex(table, { name, columns, unique: index.unique });
  return step(context, { kind: "create_index", table, path: paths.index(table, index.columns), message, readsRows: true, moves });
}

export function dropIndexStep(context: StepContext, table: string, index: CatalogIndex): Step {
  const { dialect, catalog, paths } = context;
  const columns = index.columns.flatMap((name) => catalog.get(table)?.columns.find((column) => column.name === name) ?? []);
  const message = `drops the index of ${table} (${list(index.columns)})`;
  return step(context, { kind: "drop_index", table, path: paths.table(table), message, moves: dialect.dropIndex(table, index, columns) });
}

export function addReferenceStep(context: StepContext, names: KeyNames, table: string, reference: WantedReference): Step {
  const { column, table: target, targetColumn } = reference;
  const path = `${context.paths.column(table, column)}.references`;
  const message = `lets ${table}.${column} refer to ${target}.${targetColumn}`;
  const moves = context.dialect.addReference(table, { ...reference, name: names.reference(table, column) });
  return step(context, { kind: "add_reference", table, column, path, message, readsRows: true, moves });
}

export function dropReferenceStep(context: StepContext, table: string, reference: CatalogReference): Step {
  const { column, table: target, targetColumn } = reference;
  const message = `ends the reference of ${table}.${column} to ${target}.${targetColumn}`;
  const moves = context.dialect.dropReference(table, reference);
  return step(context, { kind: "drop_reference", table, column, path: context.paths.column(table, column), message, moves });
}
