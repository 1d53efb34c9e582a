import type { DbSchema } from "../schema/db-schema.ts";

/** Where a manifest's db_schema says something. */
export interface Paths {
  /** `db_schema.tables[0]`, or `db_schema` for a table that is not declared there. */
  table(table: string): string;
  /** `db_schema.tables[0].columns[1]`, or the table's. */
  column(table: string, column: string): string;
  /** `db_schema.tables[0].indexes[2]`, or that of the column which an index of one column stands for, or the table's. */
  index(table: string, columns: readonly string[]): string;
}

export const sameColumns = (a: readonly string[], b: readonly string[]) => a.join() === b.join();

export function pathsOf(schema: DbSchema): Paths {
  const at = (name: string) => schema.tables.findIndex((table) => table.name === name);
  const table = (name: string) => (at(name) < 0 ? "db_schema" : `db_schema.tables[${at(name)}]`);
  const column = (tableName: string, name: string) => {
    const position = schema.tables[at(tableName)]?.columns.findIndex((candidate) => candidate.name === name) ?? -1;
    return position < 0 ? table(tableName) : `${table(tableName)}.columns[${position}]`;
  };
  const index = (tableName: string, columns: readonly string[]) => {
    const declared = schema.tables[at(tableName)]?.indexes ?? [];
    const position = declared.findIndex((candidate) => sameColumns(candidate.columns, columns));
    if (position >= 0) return `${table(tableName)}.indexes[${position}]`;
    return columns.length === 1 ? column(tableName, columns[0] ?? "") : table(tableName);
  };
  return { table, column, index };
}
