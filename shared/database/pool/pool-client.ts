import type { Context } from "#platform/context";
import { AppError, errorCode } from "#platform/errors";
import type { DatabasePoolApi, PoolReply } from "#platform/objects/database-pool";
import { workspaceObject } from "#platform/placement";

const poolOf = (ctx: Context, workspaceId: string): Promise<DatabasePoolApi> => workspaceObject(ctx, ctx.env.DATABASE_POOL, workspaceId);

/**
 * Asks the workspace's pool and gives back its answer; a failure becomes an error again, and an object that cannot be
 * reached is a database that cannot.
 */
export async function askPool<T>(
  ctx: Context,
  workspaceId: string,
  question: (pool: DatabasePoolApi) => Promise<PoolReply<T>>,
): Promise<T> {
  const reply = await poolOf(ctx, workspaceId)
    .then(question)
    .catch((error: unknown) => {
      if (errorCode(error)) throw error;
      throw new AppError("database_unavailable", "The workspace's database cannot be reached.", { cause: error });
    });
  if (reply.ok) return reply.value;
  const { message, faults, details } = reply.error;
  throw new AppError(errorCode(reply.error) ?? "internal", message, { faults, details });
}

/** Has the workspace's pool stop a statement. One that cannot be told leaves it to the server's own limit. */
export async function stopStatement(ctx: Context, workspaceId: string, name: string): Promise<void> {
  try {
    await (await poolOf(ctx, workspaceId)).stop(workspaceId, name);
  } catch (error) {
    ctx.log.error("a statement could not be stopped", error, { workspace_id: workspaceId });
  }
}
