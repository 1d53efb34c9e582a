import type { Context } from "#platform/context";
import { uuidv7 } from "#platform/ids";
import { unlessAborted } from "../pool/cancellation.ts";
import { askPool, stopStatement } from "../pool/pool-client.ts";
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
  signal?.throwIfAborted();
  const name = uuidv7(ctx.clock.now(), ctx.random);
  const stop = () => ctx.waitUntil(stopStatement(ctx, workspaceId, name));
  signal?.addEventListener("abort", stop, { once: true });
  const request = { schema: relevant(schema, operation), operation, name };
  const answered = askPool(ctx, workspaceId, (pool) => pool.execute(workspaceId, request));
  return unlessAborted(signal, answered).finally(() => signal?.removeEventListener("abort", stop));
}
