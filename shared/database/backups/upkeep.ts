import { and, eq, inArray, lt, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import { errorMessage } from "#platform/errors";
import { workspaceBackups, workspaceDatabases, workspaceRestores } from "#platform/schema";
import { archiveKey } from "./archive-store.ts";
import { beginBackup, newBackup } from "./backups.ts";

/** Backups that one tick begins, and archives that it deletes. */
const BEGUN_AT_ONCE = 20;
const DELETED_AT_ONCE = 500;
const MINUTES_A_DAY = 1440;
/** What has not come to its end for so long (ms) never will: its workflow gives up long before. */
const INTERRUPTED_MS = 24 * 60 * 60 * 1000;

/** Each workspace has a minute of the day of its own, so that not all are backed up at once. */
const minuteOf = sql<number>`abs(hashtext(${workspaceDatabases.workspaceId})::bigint) % ${MINUTES_A_DAY}`;

/**
 * Begins the daily backups that are due: of every database that is ready, once a day (UTC), from a minute of its own on. One
 * that could not be begun is a failed backup. `keepDaysOf` tells what a workspace's plan grants. Gives how many were begun.
 */
export async function beginDailyBackups(ctx: Context, keepDaysOf: (workspaceId: string) => Promise<number>): Promise<number> {
  const now = new Date(ctx.clock.now());
  const day = now.toISOString().slice(0, 10);
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
  const today = and(eq(workspaceBackups.workspaceId, workspaceDatabases.workspaceId), eq(workspaceBackups.day, day));
  const due = await ctx.db
    .select({ workspaceId: workspaceDatabases.workspaceId })
    .from(workspaceDatabases)
    .leftJoin(workspaceBackups, today)
    .where(and(eq(workspaceDatabases.status, "ready"), sql`${workspaceBackups.id} IS NULL`, sql`${minuteOf} <= ${minute}`))
    .orderBy(minuteOf, workspaceDatabases.workspaceId)
    .limit(BEGUN_AT_ONCE);
  const outcomes = await Promise.allSettled(
    due.map(async ({ workspaceId }) => begin(ctx, workspaceId, day, await keepDaysOf(workspaceId))),
  );
  for (const [position, outcome] of outcomes.entries()) {
    if (outcome.status === "fulfilled") continue;
    const problem = errorMessage(outcome.reason);
    ctx.log.warn("a daily backup could not be begun", { workspace_id: due[position]?.workspaceId, problem });
  }
  return outcomes.filter(({ status }) => status === "fulfilled").length;
}

/** Whoever writes down the day's backup first begins it. */
async function begin(ctx: Context, workspaceId: string, day: string, keepDays: number): Promise<void> {
  const row = { ...newBackup(ctx, workspaceId, keepDays), kind: "daily" as const, day };
  const made = await ctx.db.insert(workspaceBackups).values(row).onConflictDoNothing().returning({ id: workspaceBackups.id });
  if (made.length > 0) await beginBackup(ctx, workspaceId, row.id);
}

/** Deletes the archives of backups whose time is over. Their rows stay, and say so. */
export async function expireBackups(ctx: Context): Promise<void> {
  const now = new Date(ctx.clock.now());
  const expired = await ctx.db
    .select({ id: workspaceBackups.id, workspaceId: workspaceBackups.workspaceId })
    .from(workspaceBackups)
    .where(and(inArray(workspaceBackups.status, ["ready", "failed"]), lt(workspaceBackups.expiresAt, now)))
    .orderBy(workspaceBackups.expiresAt)
    .limit(DELETED_AT_ONCE);
  if (expired.length === 0) return;
  await ctx.env.FILES.delete(expired.map(({ workspaceId, id }) => archiveKey(workspaceId, id)));
  await ctx.db
    .update(workspaceBackups)
    .set({ status: "expired", updatedAt: now })
    .where(
      inArray(
        workspaceBackups.id,
        expired.map(({ id }) => id),
      ),
    );
}

/** Gives up backups and restores that nobody is at work on any more, so that others can begin. */
export async function giveUpInterrupted(ctx: Context): Promise<void> {
  const now = new Date(ctx.clock.now());
  const since = new Date(ctx.clock.now() - INTERRUPTED_MS);
  const values = { status: "failed", error: "It was interrupted.", updatedAt: now } as const;
  const { status: backup, updatedAt: backupAt } = workspaceBackups;
  const { status: restore, updatedAt: restoreAt } = workspaceRestores;
  await ctx.db
    .update(workspaceBackups)
    .set(values)
    .where(and(eq(backup, "running"), lt(backupAt, since)));
  await ctx.db
    .update(workspaceRestores)
    .set(values)
    .where(and(eq(restore, "running"), lt(restoreAt, since)));
}
