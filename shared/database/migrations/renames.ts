import type { Catalog, CatalogTable } from "../engines/catalog.ts";
import { type DbSchema, type DbTable, findTable } from "../schema/db-schema.ts";

interface Rename {
  readonly from: string;
  readonly to: string;
}

/** What is to have another name; columns by the names that their tables have afterwards. */
export interface Renames {
  readonly tables: readonly Rename[];
  readonly columns: readonly (Rename & { readonly table: string })[];
}

interface Named {
  readonly name: string;
  readonly renamed_from?: string | undefined;
}

/**
 * A declared name whose old one is there while the new one is not. A version from before a renaming, published again, gives
 * the old name back: `previous` is what was declared last.
 */
function renamesAmong(declared: readonly Named[], previous: readonly Named[], exists: (name: string) => boolean): Rename[] {
  const isDeclared = (name: string) => declared.some((named) => named.name === name);
  const forth = declared.flatMap(({ name, renamed_from: from }) => (from === undefined ? [] : [{ from, to: name }]));
  const back = previous.flatMap(({ name, renamed_from: to }) => (to !== undefined && isDeclared(to) ? [{ from: name, to }] : []));
  const renames = [...forth, ...back].filter(({ from, to }) => exists(from) && !exists(to) && !isDeclared(from));
  const isFirst = (key: "from" | "to", rename: Rename) => renames.find((other) => other[key] === rename[key]) === rename;
  return renames.filter((rename) => isFirst("from", rename) && isFirst("to", rename));
}

const nameAfter = (renames: readonly Rename[], name: string) => renames.find(({ from }) => from === name)?.to ?? name;
const nameBefore = (renames: readonly Rename[], name: string) => renames.find(({ to }) => to === name)?.from ?? name;

export function findRenames(declared: DbSchema, previous: DbSchema, catalog: Catalog): Renames {
  const tables = renamesAmong(declared.tables, previous.tables, (name) => catalog.has(name));
  const columns = declared.tables.flatMap((table) => {
    const before = nameBefore(tables, table.name);
    const actual = catalog.get(before);
    if (!actual) return [];
    const exists = (name: string) => actual.columns.some((column) => column.name === name);
    const renames = renamesAmong(table.columns, findTable(previous, before)?.columns ?? [], exists);
    return renames.map((rename) => ({ ...rename, table: table.name }));
  });
  return { tables, columns };
}

/** The names that a table and its columns have afterwards. */
function namesAfter({ tables, columns }: Renames) {
  const table = (name: string) => nameAfter(tables, name);
  const column = (tableName: string, name: string) =>
    nameAfter(
      columns.filter((rename) => rename.table === table(tableName)),
      name,
    );
  return { table, column };
}

/** The catalog as it is once everything has its new name. */
export function renamedCatalog(catalog: Catalog, renames: Renames): Catalog {
  const after = namesAfter(renames);
  const renamed = (table: CatalogTable): CatalogTable => {
    const nameOf = (column: string) => after.column(table.name, column);
    return {
      ...table,
      name: after.table(table.name),
      columns: table.columns.map((column) => ({ ...column, name: nameOf(column.name) })),
      primaryKey: table.primaryKey.map(nameOf),
      indexes: table.indexes.map((index) => ({ ...index, columns: index.columns.map(nameOf) })),
      references: table.references.map((reference) => ({
        ...reference,
        column: nameOf(reference.column),
        table: after.table(reference.table),
        targetColumn: after.column(reference.table, reference.targetColumn),
      })),
    };
  };
  return new Map([...catalog.values()].map(renamed).map((table) => [table.name, table]));
}

/** What was declared before, by the new names. What its references point to does not matter any more, only that there were some. */
export function renamedSchema(schema: DbSchema, renames: Renames): DbSchema {
  const after = namesAfter(renames);
  const renamed = (table: DbTable): DbTable => {
    const nameOf = (column: string) => after.column(table.name, column);
    return {
      ...table,
      name: after.table(table.name),
      columns: table.columns.map((column) => ({ ...column, name: nameOf(column.name) })),
      ...(table.indexes ? { indexes: table.indexes.map((index) => ({ ...index, columns: index.columns.map(nameOf) })) } : {}),
    };
  };
  return { tables: schema.tables.map(renamed) };
}
