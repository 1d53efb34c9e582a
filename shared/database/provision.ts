import { and, eq, ne } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError, errorMessage, notFound } from "#platform/errors";
import { auditLogs, workspaceDatabases, workspaces } from "#platform/schema";
import { readDatabaseRow } from "./credentials.ts";
import { askPool } from "./pool-client.ts";
import { databaseName } from "./provider.ts";

type DatabaseRow = typeof workspaceDatabases.$inferSelect;

/** A workspace's database as members see it. Contains no credentials. */
export interface DatabaseView {
  readonly provider: DatabaseRow["provider"];
  readonly name: string;
  readonly status: DatabaseRow["status"];
  readonly region: string;
  readonly error: string | null;
  readonly created_at: string;
}

/** The row that provisioning is resumed from; of two that begin at once, the first makes it. */
async function reserve(ctx: Context, workspaceId: string): Promise<void> {
  const [workspace] = await ctx.db.select({ region: workspaces.region }).from(workspaces).where(eq(workspaces.id, workspaceId));
  if (!workspace) throw notFound("The workspace");
  const name = databaseName(workspaceId);
  await ctx.db
    .insert(workspaceDatabases)
    .values({ workspaceId, provider: "postgres", name, status: "provisioning", region: workspace.region })
    .onConflictDoNothing();
}

async function markFailed(ctx: Context, workspaceId: string, error: unknown): Promise<void> {
  await ctx.db
    .update(workspaceDatabases)
    .set({ status: "failed", error: errorMessage(error), updatedAt: new Date(ctx.clock.now()) })
    .where(and(eq(workspaceDatabases.workspaceId, workspaceId), ne(workspaceDatabases.status, "ready")));
}

/** Marks the database ready; whoever does so first writes the audit row. */
async function markReady(ctx: Context, workspaceId: string): Promise<void> {
  await ctx.transaction(async (tx) => {
    const [row] = await tx
      .update(workspaceDatabases)
      .set({ status: "ready", error: null, updatedAt: new Date(ctx.clock.now()) })
      .where(and(eq(workspaceDatabases.workspaceId, workspaceId), ne(workspaceDatabases.status, "ready")))
      .returning({ name: workspaceDatabases.name, provider: workspaceDatabases.provider, region: workspaceDatabases.region });
    if (!row) return;
    const entry = { workspaceId, action: "database.provisioned", targetType: "database", targetId: row.name, after: row };
    await tx.insert(auditLogs).values(auditRow(ctx, entry));
  });
}

/**
 * Makes the workspace's database, or finishes what an earlier call began; does nothing when it is ready. Throws not_found
 * for an unknown workspace, invalid_state for a suspended database, and database_unavailable when the server cannot be reached,
 * after which calling again goes on from there.
 */
export async function ensureDatabase(ctx: Context, workspaceId: string): Promise<void> {
  const known = await readDatabaseRow(ctx, workspaceId);
  if (known?.status === "ready") return;
  if (known?.status === "suspended") throw new AppError("invalid_state", "The workspace's database is suspended.");
  if (!known) await reserve(ctx, workspaceId);
  try {
    await askPool(ctx, workspaceId, (pool) => pool.provision(workspaceId));
  } catch (error) {
    await markFailed(ctx, workspaceId, error);
    throw error;
  }
  await markReady(ctx, workspaceId);
}

/** The workspace's database, or `null` when it has none. */
export async function getDatabase(ctx: Context, workspaceId: string): Promise<DatabaseView | null> {
  const row = await readDatabaseRow(ctx, workspaceId);
  if (!row) return null;
  const { provider, name, status, region, error, createdAt } = row;
  return { provider, name, status, region, error, created_at: createdAt.toISOString() };
}
