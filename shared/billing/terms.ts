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
import type { Anchor, Period } from "./calendar.ts";
import { openPeriod } from "./periods.ts";

type Limits = Readonly<Record<StoppingMeter, number | null>>;

/** What a quota counter goes by. */
export interface QuotaTerms extends Period, Anchor {
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
  const { limits: stops, ...period } = await openPeriod(ctx, workspaceId);
  const [[plan], budgets] = await Promise.all([
    ctx.db.select({ included: billingPlans.limits }).from(billingPlans).where(eq(billingPlans.code, period.planCode)),
    ctx.db.select({ appId: appBudgets.appId }).from(appBudgets).where(eq(appBudgets.workspaceId, workspaceId)),
  ]);
  const limit = (meter: StoppingMeter) => stops[meter] ?? plan?.included[meter] ?? null;
  const stopping = RECORDED_METERS.filter((meter) => stops[meter] !== null);
  const recorded = stopping.length === 0 ? new Map<Meter, number>() : await recordedUse(ctx, workspaceId, period, stopping);
  return {
    ...period,
    limits: { requests: limit("requests"), tokens: limit("tokens"), egress_bytes: limit("egress_bytes"), run_ms: limit("run_ms") },
    stops,
    budgetedApps: budgets.map(({ appId }) => appId),
    recorded: { egress_bytes: recorded.get("egress_bytes") ?? 0, run_ms: recorded.get("run_ms") ?? 0 },
    alreadyUsed: { requests: 0, tokens: 0 },
  };
}

/** The terms of one app: its budget, in the workspace's period. What it has used in this period before counts. */
export async function budgetTerms(ctx: Context, workspaceId: string, appId: string): Promise<QuotaTerms> {
  const { limits: _, ...period } = await openPeriod(ctx, workspaceId);
  const [[budget], used] = await Promise.all([
    ctx.db
      .select({ requests: appBudgets.requests, tokens: appBudgets.tokens })
      .from(appBudgets)
      .where(and(eq(appBudgets.workspaceId, workspaceId), eq(appBudgets.appId, appId))),
    countedUse(ctx, workspaceId, appId, period),
  ]);
  const limits = { requests: budget?.requests ?? null, tokens: budget?.tokens ?? null, egress_bytes: null, run_ms: null };
  return { ...period, limits, stops: limits, budgetedApps: [], recorded: NOTHING_RECORDED, alreadyUsed: used };
}

/** What the ledger holds in a period of the meters that are counted: of a workspace, or of one app of it. */
export async function countedUse(
  ctx: Context,
  workspaceId: string,
  appId: string | null,
  period: Period,
): Promise<Record<CountedMeter, number>> {
  const used = await recordedUse(ctx, workspaceId, period, COUNTED_METERS, appId);
  // Corrections can take away more than was used; a counter cannot.
  return { requests: Math.max(0, used.get("requests") ?? 0), tokens: Math.max(0, used.get("tokens") ?? 0) };
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
