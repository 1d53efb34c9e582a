import { notFound } from "#platform/errors";
import type { SqlStatement } from "../engines/driver.ts";
import type { Access } from "../pool/accesses.ts";
import type { Table, TableSelection } from "./table.ts";

/** Asks by the runtime role, one statement in a transaction of its own. */
export const asker =
  ({ engine, address }: Access, signal?: AbortSignal) =>
  (statement: SqlStatement) =>
    engine.driver.run(address, statement, signal);

/** The tables that members may see, or the one of that name, as they are now. */
export function readTables(access: Access, selection: TableSelection): Promise<Table[]> {
  return access.engine.readTables(asker(access), selection);
}

/** Throws not_found for a table that is not there, and for the platform's own. */
export async function requireTable(access: Access, name: string): Promise<Table> {
  const [table] = await readTables(access, { name });
  if (!table) throw notFound(`The table "${name}"`);
  return table;
}
