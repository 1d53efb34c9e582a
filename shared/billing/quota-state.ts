import type { Context } from "#platform/context";
import { COUNTED_METERS, type CountedMeter, type QuotaCounts } from "#platform/objects/quota-counter";
import { listBudgetedApps } from "./budgets.ts";
import { type CounterName, callCounter } from "./counters.ts";
import { countedUse } from "./terms.ts";

/** Milliseconds without use after which all records have surely reached the ledger. */
const RECORDED_WITHIN_MS = 900_000;

export interface QuotaSnapshot {
  readonly period_start: string;
  readonly period_end: string;
  readonly plan: string;
  /** Of the meters that the plan counts or stops. */
  readonly meters: QuotaCounts["meters"];
}

/** The use in the current period, as the counter knows it: a workspace's, or that of one app with a budget. */
export async function quotaSnapshot(ctx: Context, workspaceId: string, appId: string | null = null): Promise<QuotaSnapshot> {
  const counts = await callCounter(ctx, { workspaceId, appId }, (counter) => counter.counts());
  return {
    period_start: new Date(counts.periodStart).toISOString(),
    period_end: new Date(counts.periodEnd).toISOString(),
    plan: counts.planCode,
    meters: counts.meters,
  };
}

/** Has the counter read the workspace's plan and budgets again; isolates follow within seconds. */
export async function refreshQuota(ctx: Context, workspaceId: string): Promise<void> {
  await callCounter(ctx, { workspaceId, appId: null }, (counter) => counter.refresh());
}

export interface QuotaDrift {
  /** The app whose budget's counter it is; `null`: the workspace's. */
  readonly appId: string | null;
  readonly meter: CountedMeter;
  readonly counted: number;
  readonly ledger: number;
  /** Whether the counter now says what the ledger says; a busy counter is left alone until the next time. */
  readonly settled: boolean;
}

/**
 * Sets the workspace's counter and those of its budgets to what the ledger holds, and says where they differed. The ledger is
 * right: it is what is billed.
 */
export async function reconcileQuota(ctx: Context, workspaceId: string): Promise<QuotaDrift[]> {
  const apps = await listBudgetedApps(ctx, workspaceId);
  const drifts = await Promise.all([null, ...apps].map((appId) => reconcileCounter(ctx, { workspaceId, appId })));
  return drifts.flat();
}

/** The same for one counter. */
export async function reconcileCounter(ctx: Context, name: CounterName): Promise<QuotaDrift[]> {
  const counts = await callCounter(ctx, name, (counter) => counter.counts());
  const ledger = await countedUse(ctx, name.workspaceId, name.appId, counts);
  const results = await Promise.all(
    COUNTED_METERS.map(async (meter) => {
      const { counted, settled } = await callCounter(ctx, name, (counter) =>
        counter.reconcile(meter, counts.periodStart, ledger[meter], RECORDED_WITHIN_MS),
      );
      return { appId: name.appId, meter, counted, ledger: ledger[meter], settled };
    }),
  );
  return results.filter((result) => result.counted !== result.ledger);
}
