import { and, count, eq, gt, gte, inArray, lte, type SQL, sql } from "drizzle-orm";
import type { AnomalyRules } from "#app";
import type { Context } from "#platform/context";
import { firstIdAt } from "#platform/ids";
import { executions } from "#platform/schema";
import type { AppTraffic, NetworkTraffic } from "./detect.ts";

/** Windows before the current one that say what is usual. */
const USUAL_WINDOWS = 20;
/** A run's id is made before the run begins, which may take a moment (ms). */
const ID_LEAD_MS = 60_000;

interface App {
  readonly workspaceId: string;
  readonly appId: string;
}

/** Visitors' runs of an app that began after a time (ms). Ids begin with their time: only a piece of the index is read. */
function visitorRuns({ workspaceId, appId }: App, since: number): SQL | undefined {
  return and(
    eq(executions.workspaceId, workspaceId),
    eq(executions.appId, appId),
    gte(executions.id, firstIdAt("run", since - ID_LEAD_MS)),
    gt(executions.startedAt, new Date(since)),
    eq(executions.trigger, "visitor"),
  );
}

function secondsBefore(ctx: Context, seconds = 0): Date {
  return new Date(ctx.clock.now() - seconds * 1_000);
}

/** What these networks did within the windows of the app's rules. */
export async function networkTraffic(
  ctx: Context,
  app: App,
  { frequency, failure_rate }: AnomalyRules,
  networks: readonly string[],
): Promise<NetworkTraffic[]> {
  const [frequent, failing] = [secondsBefore(ctx, frequency?.window_seconds), secondsBefore(ctx, failure_rate?.window_seconds)];
  const since = Math.min(frequent.getTime(), failing.getTime());
  const among = (condition: SQL | undefined) => sql<number>`(count(*) FILTER (WHERE ${condition}))::int`;
  const ended = and(gt(executions.startedAt, failing), inArray(executions.status, ["completed", "failed"]));
  return ctx.db
    .select({
      network: sql<string>`${executions.network}`,
      runs: among(gt(executions.startedAt, frequent)),
      ended: among(ended),
      failed: among(and(ended, eq(executions.status, "failed"))),
    })
    .from(executions)
    .where(and(visitorRuns(app, since), inArray(executions.network, [...networks])))
    .groupBy(executions.network);
}

/** An app's runs within the window of the rule about spikes; what is usual is only asked for when there are enough of them. */
export async function appTraffic(
  ctx: Context,
  app: App,
  { window_seconds, min_runs }: NonNullable<AnomalyRules["spike"]>,
): Promise<AppTraffic> {
  const current = secondsBefore(ctx, window_seconds);
  const runs = await countRuns(ctx, visitorRuns(app, current.getTime()));
  if (runs < min_runs) return { runs, usual: 0 };
  const before = secondsBefore(ctx, window_seconds * (USUAL_WINDOWS + 1));
  const earlier = await countRuns(ctx, and(visitorRuns(app, before.getTime()), lte(executions.startedAt, current)));
  return { runs, usual: earlier / USUAL_WINDOWS };
}

async function countRuns(ctx: Context, condition: SQL | undefined): Promise<number> {
  const [row] = await ctx.db.select({ runs: count() }).from(executions).where(condition);
  return row?.runs ?? 0;
}
