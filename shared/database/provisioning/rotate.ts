import { and, eq, isNotNull, lt, sql } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { auditLogs, workspaceDatabases } from "#platform/schema";
import { askPool } from "../pool/pool-client.ts";
import { readReadyRow } from "./credentials.ts";

/** A change of credentials that has not moved for so long was interrupted, in milliseconds: one takes seconds. */
const INTERRUPTED_MS = 120_000;
/** Interrupted changes that one tick takes up. */
const AT_ONCE = 20;

/**
 * Gives both roles of a workspace's database new credentials. Statements under way end with the old ones, which are refused
 * once the new ones are in use. Goes on with what an earlier call began. Throws invalid_state when there is no database that is
 * ready, and database_unavailable, after which the old credentials still serve.
 */
export async function rotateCredentials(ctx: Context, workspaceId: string): Promise<void> {
  const row = await readReadyRow(ctx, workspaceId);
  await askPool(ctx, workspaceId, (pool) => pool.rotate(workspaceId));
  const entry = { workspaceId, action: "database.credentials_rotated", targetType: "database", targetId: row.name };
  await ctx.db.insert(auditLogs).values(auditRow(ctx, entry));
}

/** Finishes changes of credentials that were interrupted; tells how many it took up. One that fails is tried again later. */
export async function resumeRotations(ctx: Context): Promise<number> {
  const interrupted = await ctx.db
    .select({ workspaceId: workspaceDatabases.workspaceId })
    .from(workspaceDatabases)
    .where(
      and(
        eq(workspaceDatabases.status, "ready"),
        isNotNull(workspaceDatabases.sealedDraft),
        lt(workspaceDatabases.updatedAt, new Date(ctx.clock.now() - INTERRUPTED_MS)),
      ),
    )
    .orderBy(sql`${workspaceDatabases.updatedAt}`)
    .limit(AT_ONCE);
  const outcomes = await Promise.allSettled(
    interrupted.map(({ workspaceId }) => askPool(ctx, workspaceId, (pool) => pool.rotate(workspaceId))),
  );
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === "rejected") {
      ctx.log.warn("credentials could not be rotated", { workspace_id: interrupted[index]?.workspaceId, problem: String(outcome.reason) });
    }
  }
  return interrupted.length;
}
