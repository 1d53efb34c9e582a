import { and, eq, inArray, lt, or } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { errorMessage } from "#platform/errors";
import { auditLogs, workspaceDatabases, workspaces } from "#platform/schema";
import { hasLastBackup } from "../backups/last-backup.ts";
import { askPool } from "../pool/pool-client.ts";

/** Databases that one tick takes up. */
const AT_ONCE = 20;

/** What is to be done about a database whose workspace is, or is no longer, to be deleted. */
type Due = "suspend" | "resume";

const joined = (ctx: Context) =>
  ctx.db
    .select({
      workspaceId: workspaces.id,
      name: workspaceDatabases.name,
      workspace: workspaces.status,
      database: workspaceDatabases.status,
    })
    .from(workspaceDatabases)
    .innerJoin(workspaces, eq(workspaces.id, workspaceDatabases.workspaceId));

const isUnsettled = or(
  and(eq(workspaces.status, "deleting"), eq(workspaceDatabases.status, "ready")),
  and(eq(workspaces.status, "active"), eq(workspaceDatabases.status, "suspended")),
);

interface Unsettled {
  readonly workspaceId: string;
  readonly name: string;
  readonly workspace: "active" | "deleting";
}

interface Ending extends Unsettled {
  readonly database: string;
}

async function settle(ctx: Context, { workspaceId, name, workspace }: Unsettled): Promise<void> {
  const due: Due = workspace === "deleting" ? "suspend" : "resume";
  await askPool(ctx, workspaceId, (pool) => pool[due](workspaceId));
  const action = due === "suspend" ? "database.suspended" : "database.resumed";
  await ctx.db.insert(auditLogs).values(auditRow(ctx, { workspaceId, action, targetType: "database", targetId: name }));
}

/**
 * Suspends the database of a workspace that is to be deleted, or resumes it when that was undone; nothing where there is none,
 * or nothing to be done. Throws what the pool's answer says; the next tick tries again.
 */
export async function settleDatabase(ctx: Context, workspaceId: string): Promise<void> {
  const [row] = await joined(ctx).where(and(eq(workspaces.id, workspaceId), isUnsettled));
  if (row) await settle(ctx, row);
}

/** The same for every workspace for which it could not be done at once. */
export async function settleDatabases(ctx: Context): Promise<void> {
  const rows = await joined(ctx).where(isUnsettled).limit(AT_ONCE);
  await attemptEach(ctx, rows, settle, "a database could not be suspended or resumed");
}

/**
 * Destroys databases whose workspace's time has come, each once its last backup is there, which is kept for as many days as
 * `keepDaysOf` says.
 */
export async function destroyDatabases(ctx: Context, keepDaysOf: (workspaceId: string) => Promise<number>): Promise<void> {
  const isDue = and(
    eq(workspaces.status, "deleting"),
    lt(workspaces.deleteAt, new Date(ctx.clock.now())),
    inArray(workspaceDatabases.status, ["provisioning", "failed", "suspended"]),
  );
  const rows = await joined(ctx).where(isDue).limit(AT_ONCE);
  const attempt = async (_: Context, row: Ending) => {
    // What was never ready holds nothing that could be kept.
    const isKept = row.database !== "suspended" || (await hasLastBackup(ctx, row.workspaceId, await keepDaysOf(row.workspaceId)));
    if (isKept) await destroy(ctx, row);
  };
  await attemptEach(ctx, rows, attempt, "a database could not be destroyed");
}

async function destroy(ctx: Context, { workspaceId, name }: Unsettled): Promise<void> {
  await askPool(ctx, workspaceId, (pool) => pool.destroy(workspaceId));
  const entry = { workspaceId, action: "database.destroyed", targetType: "database", targetId: name };
  await ctx.db.insert(auditLogs).values(auditRow(ctx, entry));
}

async function attemptEach<Row extends Unsettled>(
  ctx: Context,
  rows: readonly Row[],
  work: (ctx: Context, row: Row) => Promise<void>,
  failure: string,
): Promise<void> {
  const outcomes = await Promise.allSettled(rows.map((row) => work(ctx, row)));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === "rejected")
      ctx.log.warn(failure, { workspace_id: rows[index]?.workspaceId, problem: errorMessage(outcome.reason) });
  }
}
