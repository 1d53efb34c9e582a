import { and, desc, eq, lt } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { auditLogs, workspaceBackups, workspaceRestores } from "#platform/schema";
import { databaseName } from "../providers/provider.ts";
import { readReadyRow } from "../provisioning/credentials.ts";
import { beginInstance } from "../workflow.ts";
import { archiveKey, openArchive } from "./archive-store.ts";
import { type BackupRow, type BackupView, requireBackup, viewBackup } from "./records.ts";

const DAY_MS = 86_400_000;

/** What a new backup's row holds. `keepDays` is what the workspace's plan grants. */
export function newBackup(ctx: Context, workspaceId: string, keepDays: number): typeof workspaceBackups.$inferInsert & { id: string } {
  const now = ctx.clock.now();
  return {
    id: ctx.newId("backup"),
    workspaceId,
    kind: "manual",
    status: "running",
    expiresAt: new Date(now + keepDays * DAY_MS),
    createdBy: ctx.actor.type === "user" ? ctx.actor.userId : null,
    createdAt: new Date(now),
    updatedAt: new Date(now),
  };
}

/** Writes down why a backup could not be taken. */
export async function markBackupFailed(ctx: Context, id: string, error: string): Promise<void> {
  await ctx.db
    .update(workspaceBackups)
    .set({ status: "failed", error, updatedAt: new Date(ctx.clock.now()) })
    .where(and(eq(workspaceBackups.id, id), eq(workspaceBackups.status, "running")));
}

/** Has a backup taken whose row exists. Throws database_unavailable, and then the backup is a failed one. */
export async function beginBackup(ctx: Context, workspaceId: string, backupId: string): Promise<void> {
  try {
    await beginInstance(ctx.env.BACK_UP_DATABASE, backupId, { workspaceId, backupId });
  } catch (error) {
    await markBackupFailed(ctx, backupId, "The backup could not be begun.");
    throw error;
  }
}

/**
 * Begins to back up a workspace's database; the backup goes on by itself. It is kept for so many days. Throws invalid_state
 * when there is no database that is ready, conflict while another backup is being taken, and database_unavailable.
 */
export async function createBackup(ctx: Context, workspaceId: string, keepDays: number): Promise<BackupView> {
  await readReadyRow(ctx, workspaceId);
  const isRunning = and(eq(workspaceBackups.workspaceId, workspaceId), eq(workspaceBackups.status, "running"));
  const running = await ctx.db.select({ id: workspaceBackups.id }).from(workspaceBackups).where(isRunning).limit(1);
  if (running.length > 0) throw new AppError("conflict", "A backup is being taken already.", { retryAfter: 10 });
  const row = newBackup(ctx, workspaceId, keepDays);
  await ctx.transaction(async (tx) => {
    await tx.insert(workspaceBackups).values(row);
    await tx.insert(auditLogs).values(auditRow(ctx, { workspaceId, action: "backup.requested", targetType: "backup", targetId: row.id }));
  });
  await beginBackup(ctx, workspaceId, row.id);
  return viewBackup(await requireBackup(ctx, workspaceId, row.id));
}

/** A workspace's backups, newest first. */
export async function listBackups(ctx: Context, workspaceId: string, { limit, cursor }: PageRequest): Promise<Page<BackupView>> {
  const after = readCursor(cursor);
  const rows = await ctx.db
    .select()
    .from(workspaceBackups)
    .where(and(eq(workspaceBackups.workspaceId, workspaceId), after === undefined ? undefined : lt(workspaceBackups.id, after)))
    .orderBy(desc(workspaceBackups.id))
    .limit(limit + 1);
  return toPage(rows, limit, viewBackup);
}

/** Throws not_found. */
export async function getBackup(ctx: Context, workspaceId: string, id: string): Promise<BackupView> {
  return viewBackup(await requireBackup(ctx, workspaceId, id));
}

/** A backup that can be used. Throws not_found and invalid_state. */
export async function requireReadyBackup(
  ctx: Context,
  workspaceId: string,
  id: string,
): Promise<BackupRow & { bytes: number; sha256: string }> {
  const row = await requireBackup(ctx, workspaceId, id);
  const { status, bytes, sha256 } = row;
  if (status !== "ready" || bytes === null || sha256 === null) {
    throw new AppError("invalid_state", `The backup cannot be used: it is ${status}.`);
  }
  return { ...row, bytes, sha256 };
}

interface BackupDownload {
  readonly name: string;
  readonly bytes: number;
  readonly body: ReadableStream;
}

/** A backup's archive (gzip of JSON lines) as it is stored. Throws not_found and invalid_state. */
export async function downloadBackup(ctx: Context, workspaceId: string, id: string): Promise<BackupDownload> {
  const row = await requireReadyBackup(ctx, workspaceId, id);
  const { body, size } = await openArchive(ctx.env.FILES, archiveKey(workspaceId, id));
  const entry = { workspaceId, action: "backup.downloaded", targetType: "backup", targetId: id };
  await ctx.db.insert(auditLogs).values(auditRow(ctx, entry));
  const moment = row.takenAt?.toISOString().slice(0, 19).replaceAll(":", "-") ?? "";
  return { name: `${databaseName(workspaceId)}-${moment}.ndjson.gz`, bytes: size, body };
}

/** Deletes a backup with its archive. Throws not_found, and invalid_state while it is being taken or restored from. */
export async function deleteBackup(ctx: Context, workspaceId: string, id: string): Promise<void> {
  const { status } = await requireBackup(ctx, workspaceId, id);
  if (status === "running") throw new AppError("invalid_state", "The backup is still being taken.");
  const isInUse = and(eq(workspaceRestores.backupId, id), eq(workspaceRestores.status, "running"));
  const restores = await ctx.db.select({ id: workspaceRestores.id }).from(workspaceRestores).where(isInUse).limit(1);
  if (restores.length > 0) throw new AppError("invalid_state", "The backup is being restored.");
  // The archive first: what is left of a failure can be deleted again.
  await ctx.env.FILES.delete(archiveKey(workspaceId, id));
  await ctx.transaction(async (tx) => {
    await tx.delete(workspaceBackups).where(eq(workspaceBackups.id, id));
    await tx.insert(auditLogs).values(auditRow(ctx, { workspaceId, action: "backup.deleted", targetType: "backup", targetId: id }));
  });
}
