import { AppError } from "#platform/errors";
import type { Catalog, CatalogColumn, CatalogTable } from "../engines/catalog.ts";
import type { SchemaDialect } from "../engines/schema-dialect.ts";
import type { DbTable } from "../schema/db-schema.ts";
import type { ArchivedColumn, ArchivedTable } from "./archive-schema.ts";

/** Names of tables that apps declare begin with a letter; others are kept beside them for a while. */
export const isDeclarable = (name: string) => /^[a-z]/.test(name);

function foreign(what: string): AppError {
  return new AppError("invalid_state", `The database holds what no app declared, and no backup can hold: ${what}.`);
}

function archivedColumn(table: string, { name, type, nullable, default: value }: CatalogColumn): ArchivedColumn {
  if (type === null) throw foreign(`the type of ${table}.${name}`);
  return { name, type, nullable, default: value };
}

function archivedTable({ name, columns, primaryKey, indexes, references }: CatalogTable): ArchivedTable {
  const [key, ...others] = primaryKey;
  if (key === undefined || others.length > 0) throw foreign(`the primary key of ${name}`);
  return {
    name,
    primary_key: key,
    columns: columns.map((column) => archivedColumn(name, column)),
    indexes: indexes.map((index) => ({ columns: [...index.columns], unique: index.unique })),
    references: references.map(({ column, table, targetColumn, onDelete }) => {
      if (onDelete === null) throw foreign(`what ${name}.${column} does when its row is deleted`);
      return { column, table, target_column: targetColumn, on_delete: onDelete };
    }),
  };
}

/** The apps' tables in a form that either engine can make. Throws invalid_state for what only hands could have made. */
export function archivedTables(catalog: Catalog): ArchivedTable[] {
  return [...catalog.values()].filter(({ name }) => isDeclarable(name)).map(archivedTable);
}

/** A table as a manifest would declare it, as far as the storage of its columns depends on that. */
function declaredForm(table: ArchivedTable): DbTable {
  const isUnique = (name: string) => table.indexes.some(({ columns, unique }) => unique && columns.join() === name);
  const referenceOf = (name: string) => table.references.find(({ column }) => column === name);
  return {
    name: table.name,
    columns: table.columns.map(({ name, type }) => {
      const reference = referenceOf(name);
      const references = reference && { table: reference.table, column: reference.target_column };
      return { name, type, unique: isUnique(name), ...(references && { references }) };
    }),
    indexes: table.indexes,
  };
}

/** A table's columns as they are to be on the server at hand. Throws invalid_state for a default that only another engine knows. */
export function columnsFor(dialect: SchemaDialect, table: ArchivedTable, isSameEngine: boolean): CatalogColumn[] {
  const declared = declaredForm(table);
  return table.columns.map((column, position) => {
    const { name, type, nullable, default: value } = column;
    if (value?.startsWith("?") && !isSameEngine) {
      throw new AppError("invalid_state", `The default of ${table.name}.${name} exists on the engine of the backup alone.`);
    }
    const storage = dialect.storage(declared, declared.columns[position] ?? column);
    return { name, type, storage, nullable, default: value };
  });
}
