import { and, eq, inArray } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { errorMessage } from "#platform/errors";
import type { BackupSummary } from "#platform/objects/database-pool";
import { auditLogs, workspaceBackups } from "#platform/schema";
import { askPool } from "../pool/pool-client.ts";
import { type StepRunner, takeStep } from "../workflow.ts";
import { archiveKey } from "./archive-store.ts";
import { markBackupFailed } from "./backups.ts";

async function markReady(ctx: Context, workspaceId: string, id: string, summary: BackupSummary): Promise<boolean> {
  const { engine, bytes, sha256, tables, rows, taken_at } = summary;
  const values = { engine, bytes, sha256, tables, rows, takenAt: new Date(taken_at), error: null, updatedAt: new Date(ctx.clock.now()) };
  return ctx.transaction(async (tx) => {
    const made = await tx
      .update(workspaceBackups)
      .set({ status: "ready", ...values })
      .where(and(eq(workspaceBackups.id, id), inArray(workspaceBackups.status, ["running", "failed"])))
      .returning({ id: workspaceBackups.id });
    const entry = { workspaceId, action: "backup.taken", targetType: "backup", targetId: id, after: { bytes, tables, rows } };
    if (made.length > 0) await tx.insert(auditLogs).values(auditRow(ctx, entry));
    return made.length > 0;
  });
}

/** Takes a backup whose row exists, unless it has been taken. A repeated one replaces what the first stored. */
export async function storeBackup(ctx: Context, workspaceId: string, backupId: string): Promise<void> {
  const [row] = await ctx.db.select().from(workspaceBackups).where(eq(workspaceBackups.id, backupId));
  if (!row || row.status === "ready" || row.status === "expired") return;
  const key = archiveKey(workspaceId, backupId);
  const summary = await askPool(ctx, workspaceId, (pool) => pool.backUp(workspaceId, key));
  // Nobody knows of an archive whose row is gone.
  if (!(await markReady(ctx, workspaceId, backupId, summary))) await ctx.env.FILES.delete(key);
}

/** Takes a backup to its end. Of one that fails, members see why. */
export async function runBackup(ctx: Context, workspaceId: string, backupId: string, steps: StepRunner): Promise<void> {
  try {
    await takeStep(steps, "store", () => storeBackup(ctx, workspaceId, backupId));
  } catch (error) {
    await takeStep(steps, "give up", () => markBackupFailed(ctx, backupId, errorMessage(error)));
  }
}
