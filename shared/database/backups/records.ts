import { and, eq } from "drizzle-orm";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import { workspaceBackups, workspaceRestores } from "#platform/schema";

export type BackupRow = typeof workspaceBackups.$inferSelect;
export type RestoreRow = typeof workspaceRestores.$inferSelect;

/** A backup as members see it. */
export interface BackupView {
  readonly id: string;
  readonly kind: BackupRow["kind"];
  readonly status: BackupRow["status"];
  readonly engine: BackupRow["engine"];
  /** Of the archive as it is stored and downloaded, with its SHA-256 in hexadecimal. */
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly tables: number | null;
  readonly rows: number | null;
  readonly error: string | null;
  /** The moment that it shows. */
  readonly taken_at: string | null;
  readonly expires_at: string;
  readonly created_by: string | null;
  readonly created_at: string;
}

/** A restore as members see it. */
export interface RestoreView {
  readonly id: string;
  /** Whose database it is put into. */
  readonly workspace_id: string;
  readonly backup_id: string;
  /** Of what the database held before. */
  readonly safety_backup_id: string | null;
  readonly status: RestoreRow["status"];
  readonly step: RestoreRow["step"];
  readonly error: string | null;
  readonly created_by: string | null;
  readonly created_at: string;
  readonly finished_at: string | null;
}

export function viewBackup(row: BackupRow): BackupView {
  const { id, kind, status, engine, bytes, sha256, tables, rows, error } = row;
  return {
    ...{ id, kind, status, engine, bytes, sha256, tables, rows, error },
    taken_at: row.takenAt?.toISOString() ?? null,
    expires_at: row.expiresAt.toISOString(),
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
  };
}

export function viewRestore(row: RestoreRow): RestoreView {
  const { id, status, step, error } = row;
  return {
    ...{ id, workspace_id: row.workspaceId, backup_id: row.backupId, safety_backup_id: row.safetyBackupId, status, step, error },
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    finished_at: status === "running" ? null : row.updatedAt.toISOString(),
  };
}

/** Throws not_found. */
export async function requireBackup(ctx: Context, workspaceId: string, id: string): Promise<BackupRow> {
  const isIt = and(eq(workspaceBackups.workspaceId, workspaceId), eq(workspaceBackups.id, id));
  const [row] = await ctx.db.select().from(workspaceBackups).where(isIt);
  if (!row) throw notFound("The backup");
  return row;
}

/** Throws not_found. */
export async function requireRestore(ctx: Context, workspaceId: string, id: string): Promise<RestoreRow> {
  const isIt = and(eq(workspaceRestores.workspaceId, workspaceId), eq(workspaceRestores.id, id));
  const [row] = await ctx.db.select().from(workspaceRestores).where(isIt);
  if (!row) throw notFound("The restore");
  return row;
}
