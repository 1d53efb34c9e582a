import { and, count, eq, gt, inArray, lte, sql } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { AppError, notFound } from "#platform/errors";
import { apps, auditLogs, endedSessions } from "#platform/schema";
import { announceEpochs, raiseEpochs } from "./visitor-rules/epochs.ts";

/** Milliseconds: a token lasts a day, and may have been renewed in the seconds before everybody knew of the end. */
const KEPT = 25 * 3_600_000;
/** Ended sessions that an app may have at a time: all of them travel with its route. */
const MAX_ENDED = 1_000;

function since(ctx: Context): Date {
  return new Date(ctx.clock.now() - KEPT);
}

/** JSON of the ended sessions of an app: a column of a query over `apps`. */
export function endedSessionsColumn(ctx: Context) {
  const ended = and(eq(endedSessions.appId, apps.id), gt(endedSessions.endedAt, since(ctx)));
  return sql<unknown>`(SELECT coalesce(json_agg(${endedSessions.sessionId}), '[]'::json) FROM ${endedSessions} WHERE ${ended})`;
}

/** When sessions were ended, by their ids; those that were not are not in it. */
export async function readEndedSessions(
  ctx: Context,
  workspaceId: string,
  appId: string,
  sessionIds: readonly string[],
): Promise<ReadonlyMap<string, Date>> {
  if (sessionIds.length === 0) return new Map();
  const rows = await ctx.db
    .select({ id: endedSessions.sessionId, endedAt: endedSessions.endedAt })
    .from(endedSessions)
    .where(and(ofApp(workspaceId, appId), inArray(endedSessions.sessionId, [...sessionIds])));
  return new Map(rows.map(({ id, endedAt }) => [id, endedAt]));
}

function ofApp(workspaceId: string, appId: string) {
  return and(eq(endedSessions.workspaceId, workspaceId), eq(endedSessions.appId, appId));
}

/**
 * Ends a visitor's session: its token opens nothing any more, everywhere within 5 s, and its visitor becomes a new one. Ending
 * it again changes nothing. @throws `not_found`, `invalid_state` when too many were ended in a day, `upstream_unavailable`
 * (then repeat it)
 */
export async function revokeSession(ctx: Context, workspaceId: string, appId: string, sessionId: string): Promise<void> {
  const concerned = await ctx.transaction(async (tx) => {
    // Raised also for one that has ended: its announcement may have been lost.
    const raised = await raiseEpochs(tx, workspaceId, appId);
    if (raised.length === 0) throw notFound("The app");
    await end(ctx, tx, workspaceId, appId, sessionId);
    return raised;
  });
  await announceEpochs(ctx, concerned);
}

async function end(ctx: Context, tx: Transaction, workspaceId: string, appId: string, sessionId: string): Promise<void> {
  await tx.delete(endedSessions).where(and(ofApp(workspaceId, appId), lte(endedSessions.endedAt, since(ctx))));
  const row = { workspaceId, appId, sessionId, endedAt: new Date(ctx.clock.now()) };
  const ended = await tx.insert(endedSessions).values(row).onConflictDoNothing().returning({ id: endedSessions.sessionId });
  if (ended.length === 0) return;
  const [all] = await tx.select({ ended: count() }).from(endedSessions).where(ofApp(workspaceId, appId));
  if ((all?.ended ?? 0) > MAX_ENDED) {
    throw new AppError("invalid_state", `At most ${MAX_ENDED} sessions of an app can be ended in a day. Change its access policy instead.`);
  }
  const entry = { workspaceId, action: "session.ended", targetType: "session", targetId: sessionId, after: { app_id: appId } };
  await tx.insert(auditLogs).values(auditRow(ctx, entry));
}
