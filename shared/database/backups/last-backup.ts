import { and, desc, eq } from "drizzle-orm";
import type { Context } from "#platform/context";
import { workspaceBackups } from "#platform/schema";
import { beginBackup, newBackup } from "./backups.ts";

/** Milliseconds after which a last backup that failed is tried again. */
const AGAIN_MS = 3_600_000;

/**
 * Whether the last backup of a database that is to be destroyed is there. Begins one where there is none, or where the one before
 * has failed a while ago; it goes on by itself, and is kept for so many days. Throws database_unavailable.
 */
export async function hasLastBackup(ctx: Context, workspaceId: string, keepDays: number): Promise<boolean> {
  const [last] = await ctx.db
    .select()
    .from(workspaceBackups)
    .where(and(eq(workspaceBackups.workspaceId, workspaceId), eq(workspaceBackups.kind, "final")))
    .orderBy(desc(workspaceBackups.id))
    .limit(1);
  if (last && last.status !== "failed") return last.status !== "running";
  if (last && last.updatedAt.getTime() > ctx.clock.now() - AGAIN_MS) return false;
  const row = { ...newBackup(ctx, workspaceId, keepDays), kind: "final" as const };
  await ctx.db.insert(workspaceBackups).values(row);
  await beginBackup(ctx, workspaceId, row.id);
  return false;
}
