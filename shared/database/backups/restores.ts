import { and, eq } from "drizzle-orm";
import { type AuditEntry, auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { sqlState } from "#platform/db";
import { AppError, validationFailed } from "#platform/errors";
import { auditLogs, workspaceBackups, workspaceRestores } from "#platform/schema";
import { databaseName } from "../providers/provider.ts";
import { readDatabaseRow } from "../provisioning/credentials.ts";
import { beginInstance } from "../workflow.ts";
import { newBackup, requireReadyBackup } from "./backups.ts";
import { type RestoreView, requireRestore, viewRestore } from "./records.ts";

export interface RestoreOptions {
  /** The name of the database whose present state is given up. */
  readonly confirm: string;
  /** Whose database the backup is put into; the caller may manage it. By default the backup's own workspace. */
  readonly into?: string | undefined;
  /** Days for which the present state is kept as a backup. */
  readonly keepDays: number;
}

/** Writes down why a restore was given up. */
export async function markRestoreFailed(ctx: Context, id: string, error: string): Promise<void> {
  await ctx.db
    .update(workspaceRestores)
    .set({ status: "failed", error, updatedAt: new Date(ctx.clock.now()) })
    .where(and(eq(workspaceRestores.id, id), eq(workspaceRestores.status, "running")));
}

/** SQLSTATE of a row that exists already: there is one running restore a workspace. */
const UNIQUE_VIOLATION = "23505";

/** The restore, and a backup of what is there now where there is something: both are written down together. */
async function reserve(ctx: Context, workspaceId: string, backupId: string, target: string, keepDays: number): Promise<string> {
  const database = await readDatabaseRow(ctx, target);
  if (database?.status === "suspended" || database?.status === "deleted") {
    throw new AppError("invalid_state", `The workspace's database is ${database.status}.`);
  }
  const safety = database?.status === "ready" ? newBackup(ctx, target, keepDays) : null;
  const id = ctx.newId("restore");
  const now = new Date(ctx.clock.now());
  const createdBy = ctx.actor.type === "user" ? ctx.actor.userId : null;
  const entry = (of: string): AuditEntry => ({
    workspaceId: of,
    action: "backup.restore_requested",
    targetType: "backup",
    targetId: backupId,
    after: { restore_id: id, into: target, safety_backup_id: safety?.id ?? null },
  });
  try {
    await ctx.transaction(async (tx) => {
      if (safety) await tx.insert(workspaceBackups).values(safety);
      const values = { id, workspaceId: target, backupId, safetyBackupId: safety?.id ?? null, createdBy, createdAt: now, updatedAt: now };
      await tx.insert(workspaceRestores).values({ ...values, status: "running" });
      for (const of of new Set([workspaceId, target])) await tx.insert(auditLogs).values(auditRow(ctx, entry(of)));
    });
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    throw new AppError("conflict", "A backup is being restored into this database already.", { retryAfter: 10 });
  }
  return id;
}

/**
 * Begins to put a backup in the place of all that a database holds; the restore goes on by itself, and nothing changes until
 * everything is ready to. What is there now is backed up first. Where the workspace has no database, one is made. Throws
 * not_found, validation_failed for another name than the database's, invalid_state for a backup that cannot be used, conflict
 * while another restore goes on, and database_unavailable.
 */
export async function restoreBackup(
  ctx: Context,
  workspaceId: string,
  backupId: string,
  { confirm, into: target = workspaceId, keepDays }: RestoreOptions,
): Promise<RestoreView> {
  await requireReadyBackup(ctx, workspaceId, backupId);
  const name = databaseName(target);
  if (confirm !== name) {
    const message = `must be the name of the database whose present state is given up: ${name}`;
    throw validationFailed([{ path: "confirm", code: "not_confirmed", message }]);
  }
  const id = await reserve(ctx, workspaceId, backupId, target, keepDays);
  try {
    await beginInstance(ctx.env.RESTORE_DATABASE, id, { workspaceId: target, restoreId: id });
  } catch (error) {
    await markRestoreFailed(ctx, id, "The restore could not be begun.");
    throw error;
  }
  return getRestore(ctx, target, id);
}

/** A restore into a workspace's database. Throws not_found. */
export async function getRestore(ctx: Context, workspaceId: string, id: string): Promise<RestoreView> {
  return viewRestore(await requireRestore(ctx, workspaceId, id));
}
