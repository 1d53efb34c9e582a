import type { Context } from "#platform/context";
import type { StoppingMeter } from "#platform/objects/quota-counter";
import { runtimeEvents } from "#platform/schema";
import type { Period } from "./calendar.ts";

/** Word that so much of a limit is used. */
export interface QuotaNotice {
  readonly meter: StoppingMeter;
  readonly percent: number;
  readonly used: number;
  readonly limit: number;
}

/**
 * Leaves notices among the workspace's runtime events: of its plan's limits, or of one app's budget. Their ids are made from the
 * period, the meter and the percent, so that each is given once.
 */
export async function giveNotices(
  ctx: Context,
  workspaceId: string,
  appId: string | null,
  { periodStart, periodEnd }: Period,
  notices: readonly QuotaNotice[],
): Promise<void> {
  const whose = appId === null ? workspaceId : `${workspaceId}:${appId}`;
  const period = { period_start: new Date(periodStart).toISOString(), period_end: new Date(periodEnd).toISOString() };
  const rows = notices.map(({ meter, percent, used, limit }) => ({
    id: `quota:${whose}:${periodStart}:${meter}:${percent}`,
    workspaceId,
    appId,
    executionId: null,
    type: "quota.notice",
    payload: { of: appId === null ? "plan" : "budget", meter, percent, used, limit, ...period },
    occurredAt: new Date(ctx.clock.now()),
  }));
  await ctx.db.insert(runtimeEvents).values(rows).onConflictDoNothing();
}
