import { and, count, desc, eq, isNotNull, lt, max, min } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Context } from "#platform/context";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { executions } from "#platform/schema";

/** A visitor's session as its runs tell of it. */
export interface RunsOfSession {
  readonly id: string;
  /** When its first run began, and its last. */
  readonly started_at: string;
  readonly last_seen_at: string;
  readonly runs: number;
}

const firstRun = alias(executions, "first_run");
const lastRun = alias(executions, "last_run");

/** Sessions with their first and last runs, read from an index alone; two rows each for the times. */
function sessionsOf(ctx: Context, workspaceId: string, appId: string, filter: { id?: string; before?: string | undefined }) {
  const { id, before } = filter;
  const sessions = ctx.db
    .select({
      id: executions.sessionId,
      first: min(executions.id).as("first"),
      last: max(executions.id).as("last"),
      runs: count().as("runs"),
    })
    .from(executions)
    .where(
      and(
        eq(executions.workspaceId, workspaceId),
        eq(executions.appId, appId),
        id === undefined ? isNotNull(executions.sessionId) : eq(executions.sessionId, id),
        before === undefined ? undefined : lt(executions.sessionId, before),
      ),
    )
    .groupBy(executions.sessionId)
    .as("sessions");
  return ctx.db
    .select({ id: sessions.id, startedAt: firstRun.startedAt, lastSeenAt: lastRun.startedAt, runs: sessions.runs })
    .from(sessions)
    .innerJoin(firstRun, eq(firstRun.id, sessions.first))
    .innerJoin(lastRun, eq(lastRun.id, sessions.last))
    .orderBy(desc(sessions.id))
    .$dynamic();
}

interface SessionRow {
  readonly id: string;
  readonly startedAt: Date;
  readonly lastSeenAt: Date;
  readonly runs: number;
}

function present({ id, startedAt, lastSeenAt, runs }: SessionRow): RunsOfSession {
  return { id, started_at: startedAt.toISOString(), last_seen_at: lastSeenAt.toISOString(), runs };
}

function named<Row extends { readonly id: string | null }>(rows: readonly Row[]) {
  return rows.flatMap((row) => (row.id === null ? [] : [{ ...row, id: row.id }]));
}

/** The sessions that have run an app, newest first. */
export async function listSessionRuns(ctx: Context, workspaceId: string, appId: string, page: PageRequest): Promise<Page<RunsOfSession>> {
  const rows = await sessionsOf(ctx, workspaceId, appId, { before: readCursor(page.cursor) }).limit(page.limit + 1);
  return toPage(named(rows), page.limit, present);
}

/** A session that has run an app; `null` when none has this id. */
export async function findSessionRuns(ctx: Context, workspaceId: string, appId: string, id: string): Promise<RunsOfSession | null> {
  const [row] = named(await sessionsOf(ctx, workspaceId, appId, { id }));
  return row ? present(row) : null;
}
