import { and, eq, ne } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError, errorMessage, notFound } from "#platform/errors";
import { PROVISIONING_STEPS, type ProvisioningStep } from "#platform/objects/database-pool";
import { auditLogs, workspaceDatabases, workspaces } from "#platform/schema";
import { askPool } from "../pool/pool-client.ts";
import { databaseName } from "../providers/provider.ts";
import { type DatabaseRow, readDatabaseRow } from "./credentials.ts";

/** A workspace's database as members see it. Contains no credentials. */
export interface DatabaseView {
  readonly provider: DatabaseRow["provider"];
  readonly name: string;
  readonly status: DatabaseRow["status"];
  /** What is being done while the database is made. */
  readonly step: ProvisioningStep | null;
  readonly region: string;
  readonly error: string | null;
  readonly created_at: string;
}

/** The row that provisioning is resumed from; of two that begin at once, the first makes it. */
async function reserve(ctx: Context, workspaceId: string, provider: DatabaseRow["provider"]): Promise<void> {
  const [workspace] = await ctx.db.select({ region: workspaces.region }).from(workspaces).where(eq(workspaces.id, workspaceId));
  if (!workspace) throw notFound("The workspace");
  const { region } = workspace;
  const name = databaseName(workspaceId);
  await ctx.transaction(async (tx) => {
    const values = { workspaceId, provider, name, status: "provisioning", region } as const;
    const made = await tx.insert(workspaceDatabases).values(values).onConflictDoNothing().returning({ name: workspaceDatabases.name });
    const entry = { workspaceId, action: "database.requested", targetType: "database", targetId: name, after: { name, provider, region } };
    if (made.length > 0) await tx.insert(auditLogs).values(auditRow(ctx, entry));
  });
}

async function markFailed(ctx: Context, workspaceId: string, error: unknown): Promise<void> {
  await ctx.db
    .update(workspaceDatabases)
    .set({ status: "failed", error: errorMessage(error), updatedAt: new Date(ctx.clock.now()) })
    .where(and(eq(workspaceDatabases.workspaceId, workspaceId), ne(workspaceDatabases.status, "ready")));
}

/**
 * Makes the workspace's database, or finishes what an earlier call began; does nothing when it is ready. Throws not_found
 * for an unknown workspace, invalid_state for a suspended database, and database_unavailable when the server cannot be reached,
 * after which calling again goes on from there.
 */
export async function ensureDatabase(ctx: Context, workspaceId: string, provider: DatabaseRow["provider"] = "postgres"): Promise<void> {
  const known = await readDatabaseRow(ctx, workspaceId);
  if (known?.status === "ready") return;
  if (known?.status === "suspended") throw new AppError("invalid_state", "The workspace's database is suspended.");
  if (!known) await reserve(ctx, workspaceId, provider);
  try {
    for (const step of PROVISIONING_STEPS) await askPool(ctx, workspaceId, (pool) => pool.provision(workspaceId, step));
  } catch (error) {
    await markFailed(ctx, workspaceId, error);
    throw error;
  }
}

/** The workspace's database, or `null` when it has none. */
export async function getDatabase(ctx: Context, workspaceId: string): Promise<DatabaseView | null> {
  const row = await readDatabaseRow(ctx, workspaceId);
  if (!row) return null;
  const { provider, name, status, step, region, error, createdAt } = row;
  return { provider, name, status, step, region, error, created_at: createdAt.toISOString() };
}
