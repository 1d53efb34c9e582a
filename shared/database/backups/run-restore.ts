import { and, eq } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError, errorMessage } from "#platform/errors";
import type { ReplacementStep, RestoreRequest } from "#platform/objects/database-pool";
import { auditLogs, workspaceBackups, workspaceRestores } from "#platform/schema";
import { askPool } from "../pool/pool-client.ts";
import { ensureDatabase } from "../provisioning/provision.ts";
import { type StepRunner, takeStep } from "../workflow.ts";
import { verifyArchive } from "./archive-reader.ts";
import { archiveKey, openArchive } from "./archive-store.ts";
import { markBackupFailed, requireReadyBackup } from "./backups.ts";
import { type RestoreRow, requireRestore } from "./records.ts";
import { markRestoreFailed } from "./restores.ts";
import { storeBackup } from "./run-backup.ts";

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
  const isRunning = and(eq(workspaceRestores.id, id), eq(workspaceRestores.status, "running"));
  const values = { status: "completed", step: null, error: null, updatedAt: new Date(ctx.clock.now()) } as const;
  const entry = { workspaceId, action: "database.restored", targetType: "backup", targetId: backupId, after: { restore_id: id } };
  await ctx.transaction(async (tx) => {
    const done = await tx.update(workspaceRestores).set(values).where(isRunning).returning({ id: workspaceRestores.id });
    if (done.length > 0) await tx.insert(auditLogs).values(auditRow(ctx, entry));
  });
}

async function giveUp(ctx: Context, row: RestoreRow, reason: string): Promise<void> {
  if (row.safetyBackupId !== null) await markBackupFailed(ctx, row.safetyBackupId, "The restore that it was for was given up.");
  await markRestoreFailed(ctx, row.id, reason);
}

/** The restore, while it is to be gone on with. Throws invalid_state when it has been given up. */
async function requireRunning(ctx: Context, workspaceId: string, restoreId: string): Promise<RestoreRow> {
  const row = await requireRestore(ctx, workspaceId, restoreId);
  if (row.status !== "running") throw new AppError("invalid_state", `The restore is over: it is ${row.status}.`);
  return row;
}

const WORKS: Readonly<Record<Exclude<RestoreRow["step"], null>, (ctx: Context, row: RestoreRow) => Promise<void>>> = {
  verify,
  protect,
  stage: (ctx, row) => replace(ctx, row, "stage"),
  exchange: (ctx, row) => replace(ctx, row, "exchange"),
  clean: (ctx, row) => replace(ctx, row, "clean"),
};

/**
 * Puts a backup in the place of what a workspace's database holds, step by step: the archive is verified, what is there is
 * backed up, the tables are made beside those in use and compared with the archive, and all of them change places at once. Of
 * a restore that fails, members see why, and the database is as it was.
 */
export async function runRestore(ctx: Context, workspaceId: string, restoreId: string, steps: StepRunner): Promise<void> {
  const take = (step: Exclude<RestoreRow["step"], null>) =>
    takeStep(steps, step, async () => {
      const row = await requireRunning(ctx, workspaceId, restoreId);
      await set(ctx, restoreId, { step });
      await WORKS[step](ctx, row);
    });
  /** What is left in the database does no harm: the next restore drops it too. */
  const clean = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      ctx.log.warn("a restore left tables behind", { workspace_id: workspaceId, restore_id: restoreId, problem: errorMessage(error) });
    }
  };
  let isBegun = false;
  try {
    for (const step of ["verify", "protect", "stage", "exchange"] as const) {
      isBegun ||= step === "stage";
      await take(step);
    }
  } catch (error) {
    const drop = async () => WORKS.clean(ctx, await requireRestore(ctx, workspaceId, restoreId));
    if (isBegun) await clean(() => takeStep(steps, "clean", drop));
    const reason = errorMessage(error);
    return takeStep(steps, "give up", async () => giveUp(ctx, await requireRestore(ctx, workspaceId, restoreId), reason));
  }
  await clean(() => take("clean"));
  await takeStep(steps, "complete", async () => complete(ctx, await requireRestore(ctx, workspaceId, restoreId)));
}
