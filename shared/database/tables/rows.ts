import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import type { QueryAnswer, TableDescription } from "#platform/objects/database-pool";
import { auditLogs } from "#platform/schema";
import type { DbOperation } from "../operations/operation.ts";
import { askPool } from "../pool/pool-client.ts";
import { askStoppable } from "../pool/stoppable.ts";
import { encodeValue } from "../schema/values.ts";
import type { RowsPage, RowsRequest } from "./page.ts";
import type { ReadQuery } from "./read-query.ts";

type Values = Readonly<Record<string, unknown>>;

/** A row of a table, by its id. */
export interface RowAddress {
  readonly table: string;
  readonly rowId: string;
}

/** The tables of a workspace's database as they are. Throws invalid_state (no database yet) and database_unavailable, as all here. */
export function listTables(ctx: Context, workspaceId: string): Promise<TableDescription[]> {
  return askPool(ctx, workspaceId, (pool) => pool.tables(workspaceId));
}

/** Throws not_found for a table that is not there. */
export async function describeTable(ctx: Context, workspaceId: string, name: string): Promise<TableDescription> {
  const [table] = await askPool(ctx, workspaceId, (pool) => pool.tables(workspaceId, name));
  if (!table) throw notFound(`The table "${name}"`);
  return table;
}

/**
 * One page of a table's rows, in one order to the last page. Throws not_found (the table) and validation_failed with paths
 * `filter`, `order_by` and `cursor`.
 */
export function readRows(ctx: Context, workspaceId: string, request: RowsRequest): Promise<RowsPage> {
  return askPool(ctx, workspaceId, (pool) => pool.rows(workspaceId, request));
}

/**
 * Runs one statement that reads, in a transaction that can only read. Throws validation_failed (path `sql` or `params`),
 * forbidden, node_timeout and payload_too_large (1000 rows, 1 MiB). When `signal` aborts, the server stops the statement.
 */
export function runReadQuery(ctx: Context, workspaceId: string, query: ReadQuery, signal?: AbortSignal): Promise<QueryAnswer> {
  return askStoppable(ctx, workspaceId, signal, (pool, name) => pool.query(workspaceId, { query, name }));
}

/** Who changed which columns of which row; never what they hold, which is the workspace's own business. */
async function recordChange(ctx: Context, workspaceId: string, verb: string, { table, rowId }: RowAddress, values?: Values): Promise<void> {
  const entry = { workspaceId, action: `database.row_${verb}`, targetType: "database_row", targetId: `${table}/${rowId}` };
  const after = values && { columns: Object.keys(values) };
  await ctx.db.insert(auditLogs).values(auditRow(ctx, { ...entry, ...(after && { after }) }));
}

async function changeOne(ctx: Context, workspaceId: string, operation: DbOperation): Promise<Record<string, unknown> | undefined> {
  const { rows } = await askPool(ctx, workspaceId, (pool) => pool.execute(workspaceId, { operation }));
  return rows[0];
}

/** The condition of one row. What is no id names nothing. */
function whereRow(rowId: string) {
  const id = encodeValue("id", rowId);
  if (id === undefined) throw notFound("The row");
  return id;
}

/** The name of the column that holds a table's ids. */
async function idNameOf(ctx: Context, workspaceId: string, table: string): Promise<string> {
  const { columns } = await describeTable(ctx, workspaceId, table);
  return columns.find(({ primary }) => primary)?.name ?? "id";
}

/** Adds a row and gives it back as it is stored. Throws not_found, validation_failed with paths under `values`, and conflict. */
export async function insertRow(ctx: Context, workspaceId: string, table: string, values: Values): Promise<Record<string, unknown>> {
  const id = await idNameOf(ctx, workspaceId, table);
  const row = await changeOne(ctx, workspaceId, { operation: "insert", table, values });
  if (!row) throw notFound("The row");
  await recordChange(ctx, workspaceId, "inserted", { table, rowId: String(row[id]) }, values);
  return row;
}

/** Changes the values given and gives the whole row back. Throws not_found, validation_failed with paths under `values`, and conflict. */
export async function updateRow(
  ctx: Context,
  workspaceId: string,
  { table, rowId }: RowAddress,
  values: Values,
): Promise<Record<string, unknown>> {
  const id = whereRow(rowId);
  const name = await idNameOf(ctx, workspaceId, table);
  const row = await changeOne(ctx, workspaceId, { operation: "update", table, values, where: { [name]: id } });
  if (!row) throw notFound("The row");
  await recordChange(ctx, workspaceId, "updated", { table, rowId: id }, values);
  return row;
}

/** Removes a row. Throws not_found, and conflict when other rows refer to it. */
export async function deleteRow(ctx: Context, workspaceId: string, { table, rowId }: RowAddress): Promise<void> {
  const id = whereRow(rowId);
  const name = await idNameOf(ctx, workspaceId, table);
  const row = await changeOne(ctx, workspaceId, { operation: "delete", table, where: { [name]: id } });
  if (!row) throw notFound("The row");
  await recordChange(ctx, workspaceId, "deleted", { table, rowId: id });
}
