import { and, eq } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { AppError, validationFailed } from "#platform/errors";
import { auditLogs, billingPlans, planSegments, workspaceQuotas } from "#platform/schema";
import { decimalOf } from "./money.ts";
import { billingPeriodOf, currentPeriod, type PeriodRow, segmentsOf, stopsOf } from "./periods.ts";
import { findPlan, planOf, termsOf } from "./plan-terms.ts";
import { lockBilling } from "./profile.ts";
import { refreshQuota } from "./quota-state.ts";
import { baseLines, type InvoiceLine, type Segment } from "./rating.ts";

/** At once, or from the end of the current period on. */
type When = "now" | "period_end";

export interface PlanRequest {
  readonly plan: string;
  /** Left out: at once for a plan that takes on more, else at the end of the period. */
  readonly when?: When | undefined;
}

/** The plan in force, and the one that was chosen for the next period. */
export interface PlanState {
  readonly plan: string;
  readonly next_plan: string | null;
  readonly period_start: string;
  readonly period_end: string;
}

function present({ planCode, nextPlanCode, periodStart, periodEnd }: PeriodRow): PlanState {
  return { plan: planCode, next_plan: nextPlanCode, period_start: periodStart.toISOString(), period_end: periodEnd.toISOString() };
}

export async function getPlanState(ctx: Context, workspaceId: string): Promise<PlanState> {
  return ctx.transaction(async (tx) => {
    const profile = await lockBilling(tx, workspaceId);
    return present(await currentPeriod(tx, workspaceId, profile, ctx.clock.now()));
  });
}

/** What a change of plan would mean. */
export interface PlanChangePreview {
  readonly when: When;
  readonly effective_at: string;
  readonly currency: string;
  /** What the change adds to the invoice of this period, in minor units. */
  readonly lines: readonly { readonly kind: InvoiceLine["kind"]; readonly plan_name: string | null; readonly amount_minor: number }[];
  readonly total_minor: number;
  /** The same, as a decimal number. */
  readonly total: string;
}

/** What a change of plan would add to this period's invoice if it happened now. Nothing is written. Errors as {@link changePlan}. */
export async function previewPlanChange(ctx: Context, workspaceId: string, request: PlanRequest): Promise<PlanChangePreview> {
  return ctx.transaction(async (tx) => {
    const { row, segments, when, at } = await readChange(ctx, tx, workspaceId, request);
    const period = billingPeriodOf(row);
    const added = when === "now" ? baseLines(period, segments).filter((line) => line.kind !== "base" && line.coversStart === at) : [];
    const total = added.reduce((sum, line) => sum + line.amountMinor, 0);
    const currency = segments.at(-1)?.terms.currency ?? "";
    return {
      when,
      effective_at: new Date(when === "now" ? at : period.periodEnd).toISOString(),
      currency,
      lines: added.map(({ kind, planName, amountMinor }) => ({ kind, plan_name: planName, amount_minor: amountMinor })),
      total_minor: total,
      total: decimalOf(total, currency),
    };
  });
}

/**
 * Changes a workspace's plan: at once, with the old price given back for the rest of the period and the new one charged for
 * it, or from the next period on. The plan in force cancels a change that was to come. Repeating a change changes nothing.
 * Errors: `validation_failed`, `invalid_state` (another currency).
 */
export async function changePlan(ctx: Context, workspaceId: string, request: PlanRequest): Promise<PlanState> {
  const changed = await ctx.transaction(async (tx) => {
    const change = await readChange(ctx, tx, workspaceId, request);
    const { row, when } = change;
    const state = when === "now" ? await applyNow(tx, change, request.plan) : await applyLater(tx, row, request.plan);
    const [before, after] = [row, state].map(({ planCode, nextPlanCode }) => ({ plan: planCode, next_plan: nextPlanCode }));
    if (JSON.stringify(before) === JSON.stringify(after)) return row;
    const target = { workspaceId, targetType: "workspace", targetId: workspaceId };
    await tx.insert(auditLogs).values(auditRow(ctx, { ...target, action: "plan.changed", before, after }));
    return state;
  });
  // The plan is changed whether or not the counter hears of it now: it asks by itself within a minute.
  await refreshQuota(ctx, workspaceId).catch((error: unknown) =>
    ctx.log.warn("a quota was not refreshed", { workspace_id: workspaceId, error }),
  );
  return present(changed);
}

interface Change {
  readonly row: PeriodRow;
  /** The plans over the period, as they are after a change that happens now. */
  readonly segments: readonly Segment[];
  readonly when: When;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Locks the workspace's billing, and judges the change. */
async function readChange(ctx: Context, tx: Transaction, workspaceId: string, { plan, when }: PlanRequest): Promise<Change> {
  const now = ctx.clock.now();
  const row = await currentPeriod(tx, workspaceId, await lockBilling(tx, workspaceId), now);
  const [wanted, current] = [await findPlan(tx, plan), await planOf(tx, row.planCode)];
  if (!wanted) throw await unknownPlan(tx);
  const segments = await segmentsOf(tx, row);
  const last = segments.at(-1);
  if (!last) throw new Error("a period has no plan");
  if (wanted.currency !== last.terms.currency) {
    throw new AppError(
      "invalid_state",
      `The workspace is billed in ${last.terms.currency}; this plan has its price in ${wanted.currency}.`,
    );
  }
  const isLess = wanted.position < current.position;
  if (isLess && when === "now") {
    const message = "This plan takes on less than the one in force: it can begin at the end of the period (period_end).";
    throw validationFailed([{ path: "when", code: "not_at_once", message }]);
  }
  // Never at the same moment as the change before, whatever two clocks say.
  const at = Math.max(now, last.startsAt + 1);
  const changes = wanted.code !== row.planCode;
  const chosen = when ?? (isLess ? "period_end" : "now");
  const after = [
    ...segments.slice(0, -1),
    { ...last, endsAt: at },
    { startsAt: at, endsAt: row.periodEnd.getTime(), terms: termsOf(wanted) },
  ];
  return { row, segments: changes && chosen === "now" ? after : segments, when: chosen, at };
}

async function unknownPlan(tx: Transaction): Promise<AppError> {
  const plans = await tx.select({ code: billingPlans.code }).from(billingPlans).orderBy(billingPlans.position);
  const message = `Give one of the plans on offer: ${plans.map(({ code }) => code).join(", ")}.`;
  return validationFailed([{ path: "plan", code: "unknown_plan", message }]);
}

async function applyNow(tx: Transaction, { row, segments, at }: Change, plan: string): Promise<PeriodRow> {
  if (plan === row.planCode) return updatePeriod(tx, row, { nextPlanCode: null });
  const added = segments.at(-1);
  if (!added) throw new Error("a period has no plan");
  const { workspaceId, periodStart } = row;
  await tx.insert(planSegments).values({ workspaceId, periodStart, startsAt: new Date(at), terms: added.terms });
  return updatePeriod(tx, row, { planCode: plan, nextPlanCode: null, limits: stopsOf(billingPeriodOf(row), segments) });
}

async function applyLater(tx: Transaction, row: PeriodRow, plan: string): Promise<PeriodRow> {
  return updatePeriod(tx, row, { nextPlanCode: plan === row.planCode ? null : plan });
}

async function updatePeriod(tx: Transaction, row: PeriodRow, change: Partial<PeriodRow>): Promise<PeriodRow> {
  const [updated] = await tx
    .update(workspaceQuotas)
    .set(change)
    .where(and(eq(workspaceQuotas.workspaceId, row.workspaceId), eq(workspaceQuotas.periodStart, row.periodStart)))
    .returning();
  if (!updated) throw new Error("a period is not there");
  return updated;
}
