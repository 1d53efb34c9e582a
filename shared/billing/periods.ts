import { and, asc, desc, eq, gt, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { billingProfiles, type METERS, type MeterLimits, planSegments, workspaceQuotas } from "#platform/schema";
import { type Anchor, type BillingPeriod, type Period, periodAfter, periodAt } from "./calendar.ts";
import { planOf, termsOf } from "./plan-terms.ts";
import { lockBilling } from "./profile.ts";
import { includedIn, isLevel, type Segment } from "./rating.ts";

/** The plan of a workspace that has not chosen one. */
const DEFAULT_PLAN = "free";

export type PeriodRow = typeof workspaceQuotas.$inferSelect;

export interface OpenPeriod extends Period, Anchor {
  readonly planCode: string;
  /** Units at which each meter stops in this period; `null`: it goes on, for a price or without. */
  readonly limits: MeterLimits;
}

/**
 * The workspace's current period with the limits in force. The first call in a period opens it, on the plan of the period
 * before or the one that was chosen for it; any number of calls, at once or later, find the same row.
 */
export async function openPeriod(ctx: Context, workspaceId: string): Promise<OpenPeriod> {
  const now = ctx.clock.now();
  const { periodStart, periodEnd, planCode, limits } = workspaceQuotas;
  const { timeZone, anchorDay } = billingProfiles;
  const [open] = await ctx.db
    .select({ periodStart, periodEnd, planCode, limits, timeZone, anchorDay })
    .from(workspaceQuotas)
    .leftJoin(billingProfiles, eq(billingProfiles.workspaceId, workspaceQuotas.workspaceId))
    .where(and(eq(workspaceQuotas.workspaceId, workspaceId), gt(periodEnd, new Date(now))))
    .orderBy(desc(periodStart))
    .limit(1);
  if (open) return present(open, { timeZone: open.timeZone ?? "UTC", anchorDay: open.anchorDay ?? 1 });
  return ctx.transaction(async (tx) => {
    const profile = await lockBilling(tx, workspaceId);
    return present(await currentPeriod(tx, workspaceId, profile, now), profile);
  });
}

function present(row: Pick<PeriodRow, "periodStart" | "periodEnd" | "planCode" | "limits">, { timeZone, anchorDay }: Anchor): OpenPeriod {
  const { planCode, limits } = row;
  return { periodStart: row.periodStart.getTime(), periodEnd: row.periodEnd.getTime(), planCode, limits, timeZone, anchorDay };
}

/** The period that holds `now`, opened with all before it that nobody asked for. The caller has locked the workspace's billing. */
export async function currentPeriod(tx: Transaction, workspaceId: string, anchor: Anchor, now: number): Promise<PeriodRow> {
  const [latest] = await tx
    .select()
    .from(workspaceQuotas)
    .where(eq(workspaceQuotas.workspaceId, workspaceId))
    .orderBy(desc(workspaceQuotas.periodStart))
    .limit(1);
  let row = latest ?? (await open(tx, workspaceId, firstPeriod(now, anchor), DEFAULT_PLAN));
  while (row.periodEnd.getTime() <= now) {
    row = await open(tx, workspaceId, periodAfter(row.periodEnd.getTime(), anchor), row.nextPlanCode ?? row.planCode);
  }
  return row;
}

function firstPeriod(now: number, anchor: Anchor): BillingPeriod {
  const period = periodAt(now, anchor);
  return { ...period, fullMs: period.periodEnd - period.periodStart };
}

async function open(tx: Transaction, workspaceId: string, period: BillingPeriod, planCode: string): Promise<PeriodRow> {
  const terms = termsOf(await planOf(tx, planCode));
  const { periodStart, periodEnd, fullMs } = period;
  const startsAt = new Date(periodStart);
  const [row] = await tx
    .insert(workspaceQuotas)
    .values({
      workspaceId,
      periodStart: startsAt,
      periodEnd: new Date(periodEnd),
      fullMs: fullMs === periodEnd - periodStart ? null : fullMs,
      planCode,
      limits: stopsOf(period, [{ startsAt: periodStart, endsAt: periodEnd, terms }]),
    })
    .returning();
  if (!row) throw new Error("a period was not inserted");
  await tx.insert(planSegments).values({ workspaceId, startsAt, periodStart: startsAt, terms });
  return row;
}

/** A row of periods as rating takes it. */
export function billingPeriodOf({ periodStart, periodEnd, fullMs }: PeriodRow): BillingPeriod {
  const [start, end] = [periodStart.getTime(), periodEnd.getTime()];
  return { periodStart: start, periodEnd: end, fullMs: fullMs ?? end - start };
}

/** The plans over a period, in order. They fill it: a period from before there were segments is all of its plan. */
export async function segmentsOf(tx: Transaction, row: PeriodRow): Promise<Segment[]> {
  const rows = await tx
    .select()
    .from(planSegments)
    .where(and(eq(planSegments.workspaceId, row.workspaceId), eq(planSegments.periodStart, row.periodStart)))
    .orderBy(asc(planSegments.startsAt));
  const first = rows[0] ? [] : [{ startsAt: row.periodStart, terms: termsOf(await planOf(tx, row.planCode)) }];
  const starts = [...first, ...rows];
  return starts.map(({ startsAt, terms }, index) => ({
    startsAt: startsAt.getTime(),
    endsAt: (starts[index + 1]?.startsAt ?? row.periodEnd).getTime(),
    terms,
  }));
}

/**
 * Where meters stop: at what the plans of the period include together, where the last of them has no price for more. A level
 * stops at the last plan's.
 */
export function stopsOf(period: BillingPeriod, segments: readonly Segment[]): MeterLimits {
  const stopOf = (meter: (typeof METERS)[number]): number | null => {
    const last = segments.at(-1);
    if (!last || last.terms.overage_micros[meter] !== undefined) return null;
    if (isLevel(meter)) return last.terms.limits[meter] ?? null;
    const included = segments.map((segment) => includedIn(segment, meter, period));
    return included.reduce((sum, units) => (sum === null || units === null ? null : sum + units), 0);
  };
  return {
    requests: stopOf("requests"),
    tokens: stopOf("tokens"),
    db_storage_bytes: stopOf("db_storage_bytes"),
    egress_bytes: stopOf("egress_bytes"),
    run_ms: stopOf("run_ms"),
  };
}

/** Workspaces looked at together. */
const AT_ONCE = 100;

/** Opens the periods that have begun and that nobody asked for: they are billed all the same. One that fails holds up no other. */
export async function openDuePeriods(ctx: Context): Promise<void> {
  const now = new Date(ctx.clock.now()).toISOString();
  for (let after = ""; ; ) {
    const ended = await ctx.db
      .select({ workspaceId: workspaceQuotas.workspaceId })
      .from(workspaceQuotas)
      .where(gt(workspaceQuotas.workspaceId, after))
      .groupBy(workspaceQuotas.workspaceId)
      .having(sql`max(${workspaceQuotas.periodEnd}) <= ${now}::timestamptz`)
      .orderBy(asc(workspaceQuotas.workspaceId))
      .limit(AT_ONCE);
    for (const { workspaceId } of ended) {
      await openPeriod(ctx, workspaceId).catch((error: unknown) =>
        ctx.log.error("a period could not be opened", error, { workspace_id: workspaceId }),
      );
    }
    const last = ended.at(-1);
    if (last === undefined) return;
    after = last.workspaceId;
  }
}
