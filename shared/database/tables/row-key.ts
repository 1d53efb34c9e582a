import { AppError } from "#platform/errors";
import { type DbColumn, type DbTable, idColumn } from "../schema/db-schema.ts";

/** The column that tells a table's rows apart. Throws invalid_state where there is none, as in tables that no manifest declares. */
export function rowKey(table: DbTable): DbColumn {
  const id = idColumn(table);
  if (id) return id;
  throw new AppError("invalid_state", `The table "${table.name}" has no id column, by which its rows could be told apart: use a query.`);
}
