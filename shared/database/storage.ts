import { and, asc, eq, gt } from "drizzle-orm";
import type { Context } from "#platform/context";
import { workspaceDatabases } from "#platform/schema";
import { askPool } from "./pool/pool-client.ts";

/**
 * Measures a workspace's database, in bytes, and has its pool keep it within `limit` from now on; null: any size. Throws what
 * the pool's answer says.
 */
export async function measureStorage(ctx: Context, workspaceId: string, limit: number | null): Promise<number> {
  const bytes = await askPool(ctx, workspaceId, (pool) => pool.measureStorage(workspaceId, limit));
  await ctx.db
    .update(workspaceDatabases)
    .set({ storageBytes: bytes, storageLimit: limit, storageMeasuredAt: new Date(ctx.clock.now()) })
    .where(eq(workspaceDatabases.workspaceId, workspaceId));
  return bytes;
}

/** The workspaces with a database that is ready, a page of them in the order of their ids, from the one after `after` on. */
export async function readyDatabases(ctx: Context, after: string, limit: number): Promise<string[]> {
  const rows = await ctx.db
    .select({ workspaceId: workspaceDatabases.workspaceId })
    .from(workspaceDatabases)
    .where(and(eq(workspaceDatabases.status, "ready"), gt(workspaceDatabases.workspaceId, after)))
    .orderBy(asc(workspaceDatabases.workspaceId))
    .limit(limit);
  return rows.map(({ workspaceId }) => workspaceId);
}
