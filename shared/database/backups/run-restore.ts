import { eq } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { errorMessage } from "#platform/errors";
import type { ReplacementStep, RestoreRequest } from "#platform/objects/database-pool";
import { auditLogs, workspaceBackups, workspaceRestores } from "#platform/schema";
import { askPool } from "../pool/pool-client.ts";
import { ensureDatabase, type StepRunner } from "../provisioning/provision.ts";
import { verifyArchive } from "./archive-reader.ts";
import { archiveKey, openArchive } from "./archive-store.ts";
import { markBackupFailed, requireReadyBackup } from "./backups.ts";
import { type RestoreRow, requireRestore } from "./records.ts";
import { markRestoreFailed } from "./restores.ts";
import { storeBackup } from "./run-backup.ts";
import { takeStep } from "./workflow.ts";

async function set(ctx: Context, id: string, values: Partial<RestoreRow>): Promise<void> {
  await ctx.db
    .update(workspaceRestores)
    .set({ ...values, updatedAt: new Date(ctx.clock.now()) })
    .where(eq(workspaceRestores.id, id));
}

/** What is to be restored, as it was stored. Throws invalid_state when it is not there any more. */
async function requestOf(ctx: Context, { id, backupId }: RestoreRow): Promise<RestoreRequest> {
  const [owner] = await ctx.db.select({ of: workspaceBackups.workspaceId }).from(workspaceBackups).where(eq(workspaceBackups.id, backupId));
  const { workspaceId, bytes, sha256 } = await requireReadyBackup(ctx, owner?.of ?? "", backupId);
  return { restoreId: id, key: archiveKey(workspaceId, backupId), bytes, sha256 };
}

/** Reads the whole archive before anything is done because of it. */
async function verify(ctx: Context, row: RestoreRow): Promise<void> {
  const request = await requestOf(ctx, row);
  const { body } = await openArchive(ctx.env.FILES, request.key);
  await verifyArchive(body, request);
}

/** Keeps what the database holds; where there is none, makes one. */
async function protect(ctx: Context, { workspaceId, safetyBackupId }: RestoreRow): Promise<void> {
  await (safetyBackupId === null ? ensureDatabase(ctx, workspaceId) : storeBackup(ctx, workspaceId, safetyBackupId));
}

async function replace(ctx: Context, row: RestoreRow, step: ReplacementStep): Promise<void> {
  const request = await requestOf(ctx, row);
  await askPool(ctx, row.workspaceId, (pool) => pool.restore(row.workspaceId, step, request));
}

async function complete(ctx: Context, { id, workspaceId, backupId }: RestoreRow): Promise<void> {
  await set(ctx, id, { status: "completed", step: null, error: null });
  const entry = { workspaceId, action: "database.restored", targetType: "backup", targetId: backupId, after: { restore_id: id } };
  await ctx.db.insert(auditLogs).values(auditRow(ctx, entry));
}

async function giveUp(ctx: Context, row: RestoreRow, reason: string): Promise<void> {
  if (row.safetyBackupId !== null) await markBackupFailed(ctx, row.safetyBackupId, "The restore that it was for was given up.");
  await markRestoreFailed(ctx, row.id, reason);
}

/** What a restore that is over leaves in the database does no harm: the next one drops it too. */
async function dropLeftovers(ctx: Context, row: RestoreRow, steps: StepRunner): Promise<void> {
  try {
    await takeStep(steps, "clean", () => replace(ctx, row, "clean"));
  } catch (error) {
    ctx.log.warn("a restore left tables behind", { workspace_id: row.workspaceId, restore_id: row.id, problem: errorMessage(error) });
  }
}

/**
 * Puts a backup in the place of what a workspace's database holds, step by step: the archive is verified, what is there is
 * backed up, the tables are made beside those in use and compared with the archive, and all of them change places at once. Of
 * a restore that fails, members see why, and the database is as it was.
 */
export async function runRestore(ctx: Context, workspaceId: string, restoreId: string, steps: StepRunner): Promise<void> {
  const row = await requireRestore(ctx, workspaceId, restoreId);
  const works: readonly (readonly [Exclude<RestoreRow["step"], null>, () => Promise<void>])[] = [
    ["verify", () => verify(ctx, row)],
    ["protect", () => protect(ctx, row)],
    ["stage", () => replace(ctx, row, "stage")],
    ["exchange", () => replace(ctx, row, "exchange")],
  ];
  let isBegun = false;
  try {
    for (const [step, work] of works) {
      isBegun ||= step === "stage";
      await takeStep(steps, step, async () => {
        await set(ctx, restoreId, { step });
        await work();
      });
    }
  } catch (error) {
    if (isBegun) await dropLeftovers(ctx, row, steps);
    return takeStep(steps, "give up", () => giveUp(ctx, row, errorMessage(error)));
  }
  await dropLeftovers(ctx, row, steps);
  await takeStep(steps, "complete", () => complete(ctx, row));
}
