import type { Context } from "#platform/context";
import { uuidv7 } from "#platform/ids";
import type { DatabasePoolApi, PoolReply } from "#platform/objects/database-pool";
import { unlessAborted } from "./cancellation.ts";
import { askPool, stopStatement } from "./pool-client.ts";

/**
 * Asks the workspace's pool for a statement that has a name. When `signal` aborts, throws its reason at once and has the server
 * stop the statement.
 */
export async function askStoppable<T>(
  ctx: Context,
  workspaceId: string,
  signal: AbortSignal | undefined,
  question: (pool: DatabasePoolApi, name: string) => Promise<PoolReply<T>>,
): Promise<T> {
  signal?.throwIfAborted();
  const name = uuidv7(ctx.clock.now(), ctx.random);
  const stop = () => ctx.waitUntil(stopStatement(ctx, workspaceId, name));
  signal?.addEventListener("abort", stop, { once: true });
  const answered = askPool(ctx, workspaceId, (pool) => question(pool, name));
  return unlessAborted(signal, answered).finally(() => signal?.removeEventListener("abort", stop));
}
