import type { Context } from "#platform/context";
import { validationFailed } from "#platform/errors";
import { uuidv7 } from "#platform/ids";
import { toCountedResult, toResult } from "./answers.ts";
import { unlessAborted } from "./cancellation.ts";
import type { DbOperation, OperationResult } from "./operation.ts";
import { askPool, stopStatement } from "./pool-client.ts";
import type { DbSchema } from "./schema.ts";
import { buildStatement } from "./sql.ts";

export interface ExecuteOptions {
  readonly signal?: AbortSignal;
}

/** Operations whose statement counts the rows by itself. */
const COUNTED: ReadonlySet<DbOperation["operation"]> = new Set(["count", "insert", "upsert", "update", "delete"]);

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
  const built = buildStatement(schema, operation, () => uuidv7(ctx.clock.now(), ctx.random));
  if (!built.ok) throw validationFailed(built.faults);
  const name = uuidv7(ctx.clock.now(), ctx.random);
  const stop = () => ctx.waitUntil(stopStatement(ctx, workspaceId, name));
  signal?.addEventListener("abort", stop, { once: true });
  const answered = askPool(ctx, workspaceId, (pool) => pool.run(workspaceId, built.statement, name));
  const answer = await unlessAborted(signal, answered).finally(() => signal?.removeEventListener("abort", stop));
  return COUNTED.has(operation.operation) ? toCountedResult(answer) : toResult(answer);
}
