import type { CatalogColumn } from "../engines/catalog.ts";
import type { SchemaDialect } from "../engines/schema-dialect.ts";
import { type DbSchema, type DbTable, idColumn, type OnDelete, referenceOf } from "../schema/db-schema.ts";
import { canonicalDefault } from "../schema/defaults.ts";
import { sameColumns } from "./paths.ts";

export interface WantedIndex {
  readonly columns: readonly string[];
  readonly unique: boolean;
}

export interface WantedReference {
  readonly column: string;
  readonly table: string;
  readonly targetColumn: string;
  readonly onDelete: OnDelete;
}

/** A declared table's columns as the catalog is to tell them. */
export function wantedColumns(dialect: SchemaDialect, table: DbTable): CatalogColumn[] {
  return table.columns.map((column) => ({
    name: column.name,
    type: column.type,
    storage: dialect.storage(table, column),
    nullable: column.nullable === true,
    default: canonicalDefault(column),
  }));
}

/** The indexes that a table asks for, each once; a unique one, such as the primary key, serves where a plain one is asked for. */
export function wantedIndexes(table: DbTable): WantedIndex[] {
  const id = idColumn(table);
  const asked: WantedIndex[] = [
    ...table.columns.flatMap(({ name, unique }) => (unique ? [{ columns: [name], unique: true }] : [])),
    ...(table.indexes ?? []).map(({ columns, unique = false }) => ({ columns, unique })),
  ].sort((a, b) => Number(b.unique) - Number(a.unique));
  return asked.filter(({ columns }, position) => {
    const isKey = id !== undefined && sameColumns(columns, [id.name]);
    return !isKey && asked.findIndex((other) => sameColumns(other.columns, columns)) === position;
  });
}

export function wantedReferences(schema: DbSchema, table: DbTable): WantedReference[] {
  return table.columns.flatMap((column) => {
    const reference = referenceOf(schema, column);
    if (reference?.column === undefined) return [];
    return [{ column: column.name, table: reference.table, targetColumn: reference.column, onDelete: reference.onDelete }];
  });
}
