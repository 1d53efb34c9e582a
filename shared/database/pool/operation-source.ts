import type { DbOperation } from "../operations/operation.ts";
import type { DbSchema } from "../schema/db-schema.ts";
import { rowKey } from "../tables/row-key.ts";
import { declaredTable, type Table } from "../tables/table.ts";
import { requireTable } from "../tables/table-reader.ts";
import type { Access } from "./accesses.ts";

/** What an operation goes by: what a manifest declares, or its table as the database has it. */
export interface OperationSource {
  readonly schema: DbSchema;
  readonly table?: Table;
}

/** Throws not_found for a table that is not there, and invalid_state for one whose rows have no ids. */
export async function sourceAsIs(access: Access, operation: DbOperation): Promise<OperationSource> {
  if (!("table" in operation)) return { schema: { tables: [] } };
  const table = await requireTable(access, operation.table);
  const declared = declaredTable(table);
  rowKey(declared);
  return { schema: { tables: [declared] }, table };
}
