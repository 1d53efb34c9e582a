import { and, eq, gte, inArray, lt, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import {
  COUNTED_METERS,
  type CountedMeter,
  RECORDED_METERS,
  type RecordedMeter,
  type StoppingMeter,
} from "#platform/objects/quota-counter";
import { appBudgets, billingPlans, billingUsageEvents, type Meter } from "#platform/schema";
import { openPeriod, type Period } from "./plans.ts";

type Limits = Readonly<Record<StoppingMeter, number | null>>;

/** What a quota counter goes by. */
export interface QuotaTerms extends Period {
  readonly planCode: string;
  /** Units a period that the plan includes, or that the budget allows; `null` is unlimited. */
  readonly limits: Limits;
  /** Where a meter stops; `null`: it goes on, because there is no limit, or a price for what is beyond it. */
  readonly stops: Limits;
  /** The apps of the workspace with a budget of their own. */
  readonly budgetedApps: readonly string[];
  /** As the ledger has it now, of the meters that stop. */
  readonly recorded: Readonly<Record<RecordedMeter, number>>;
  /** As the ledger has it now, for a counter that has not counted before. */
  readonly alreadyUsed: Readonly<Record<CountedMeter, number>>;
}

const NOTHING_RECORDED = { egress_bytes: 0, run_ms: 0 };

/** The terms of a workspace: its plan's. A workspace is counted from its first request. */
export async function workspaceTerms(ctx: Context, workspaceId: string): Promise<QuotaTerms> {
  const { planCode, periodStart, periodEnd, limits } = await openPeriod(ctx, workspaceId);
  const [[plan], budgets] = await Promise.all([
    ctx.db.select({ prices: billingPlans.overageMicros }).from(billingPlans).where(eq(billingPlans.code, planCode)),
    ctx.db.select({ appId: appBudgets.appId }).from(appBudgets).where(eq(appBudgets.workspaceId, workspaceId)),
  ]);
  const stop = (meter: StoppingMeter) => (plan?.prices[meter] === undefined ? limits[meter] : null);
  const stops = { requests: stop("requests"), tokens: stop("tokens"), egress_bytes: stop("egress_bytes"), run_ms: stop("run_ms") };
  const stopping = RECORDED_METERS.filter((meter) => stops[meter] !== null);
  const recorded =
    stopping.length === 0 ? new Map<Meter, number>() : await recordedUse(ctx, workspaceId, { periodStart, periodEnd }, stopping);
  return {
    planCode,
    periodStart,
    periodEnd,
    limits,
    stops,
    budgetedApps: budgets.map(({ appId }) => appId),
    recorded: { egress_bytes: recorded.get("egress_bytes") ?? 0, run_ms: recorded.get("run_ms") ?? 0 },
    alreadyUsed: { requests: 0, tokens: 0 },
  };
}

/** The terms of one app: its budget, in the workspace's period. What it has used in this period before counts. */
export async function budgetTerms(ctx: Context, workspaceId: string, appId: string): Promise<QuotaTerms> {
  const { planCode, periodStart, periodEnd } = await openPeriod(ctx, workspaceId);
  const [[budget], used] = await Promise.all([
    ctx.db
      .select({ requests: appBudgets.requests, tokens: appBudgets.tokens })
      .from(appBudgets)
      .where(and(eq(appBudgets.workspaceId, workspaceId), eq(appBudgets.appId, appId))),
    countedUse(ctx, workspaceId, appId, { periodStart, periodEnd }),
  ]);
  const limits = { requests: budget?.requests ?? null, tokens: budget?.tokens ?? null, egress_bytes: null, run_ms: null };
  return { planCode, periodStart, periodEnd, limits, stops: limits, budgetedApps: [], recorded: NOTHING_RECORDED, alreadyUsed: used };
}

/** What the ledger holds in a period of the meters that are counted: of a workspace, or of one app of it. */
export async function countedUse(
  ctx: Context,
  workspaceId: string,
  appId: string | null,
  period: Period,
): Promise<Record<CountedMeter, number>> {
  const used = await recordedUse(ctx, workspaceId, period, COUNTED_METERS, appId);
  return { requests: used.get("requests") ?? 0, tokens: used.get("tokens") ?? 0 };
}

async function recordedUse(
  ctx: Context,
  workspaceId: string,
  { periodStart, periodEnd }: Period,
  meters: readonly Meter[],
  appId: string | null = null,
): Promise<Map<Meter, number>> {
  const rows = await ctx.db
    .select({ meter: billingUsageEvents.meter, quantity: sql<string>`sum(${billingUsageEvents.quantity})` })
    .from(billingUsageEvents)
    .where(
      and(
        eq(billingUsageEvents.workspaceId, workspaceId),
        inArray(billingUsageEvents.meter, [...meters]),
        gte(billingUsageEvents.occurredAt, new Date(periodStart)),
        lt(billingUsageEvents.occurredAt, new Date(periodEnd)),
        appId === null ? undefined : eq(billingUsageEvents.appId, appId),
      ),
    )
    .groupBy(billingUsageEvents.meter);
  return new Map(rows.map(({ meter, quantity }) => [meter, Number(quantity)]));
}
