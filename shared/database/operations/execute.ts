import type { Context } from "#platform/context";
import { askStoppable } from "../pool/stoppable.ts";
import { type DbSchema, findTable } from "../schema/db-schema.ts";
import type { DbOperation, OperationResult } from "./operation.ts";

export interface ExecuteOptions {
  readonly signal?: AbortSignal;
}

/** The declared tables that an operation is about; the pool needs no others. */
function relevant(schema: DbSchema, operation: DbOperation): DbSchema {
  const singles = operation.operation === "transaction" ? operation.operations : [operation];
  const tables = singles.map((single) => (single.operation === "sql" ? undefined : findTable(schema, single.table)));
  return { tables: [...new Set(tables)].filter((table) => table !== undefined) };
}

/**
 * Runs one operation of a db node in the workspace's database, by its runtime role. Integers beyond 2^53 and numerics come
 * back as text, times as RFC 3339 in UTC. Of changed rows at most 1000 come back; `count` is all of them.
 *
 * Throws validation_failed (with faults whose paths begin at the operation), conflict (a unique or referenced row),
 * forbidden, node_timeout (10 s), payload_too_large (1000 rows, 1 MiB), invalid_state (no database yet) and
 * database_unavailable. When `signal` aborts, throws its reason at once and has the server stop the statement.
 */
export async function executeOperation(
  ctx: Context,
  workspaceId: string,
  schema: DbSchema,
  operation: DbOperation,
  { signal }: ExecuteOptions = {},
): Promise<OperationResult> {
  const relevantSchema = relevant(schema, operation);
  return askStoppable(ctx, workspaceId, signal, (pool, name) => pool.execute(workspaceId, { schema: relevantSchema, operation, name }));
}
