import { asc, desc, eq } from "drizzle-orm";
import type { Context } from "#platform/context";
import { billingPlans, type MeterLimits, workspaceQuotas } from "#platform/schema";

export interface Period {
  /** Milliseconds since the epoch, inclusive. */
  readonly periodStart: number;
  /** Milliseconds since the epoch, exclusive. */
  readonly periodEnd: number;
}

export interface OpenPeriod extends Period {
  readonly planCode: string;
  readonly limits: MeterLimits;
}

/** The plan of a workspace that has not chosen one. */
const DEFAULT_PLAN = "free";

/** The calendar month (UTC) that holds `now`. */
export function monthOf(now: number): Period {
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { periodStart: Date.UTC(year, month, 1), periodEnd: Date.UTC(year, month + 1, 1) };
}

export interface Plan {
  readonly code: string;
  readonly name: string;
  readonly currency: string;
  readonly price_minor: number;
  readonly limits: MeterLimits;
  readonly overage_micros: Readonly<Record<string, number>>;
  /** Days for which backups are kept. */
  readonly backup_days: number;
}

/** The plans on offer, cheapest first. */
export async function listPlans(ctx: Context): Promise<Plan[]> {
  const rows = await ctx.db.select().from(billingPlans).orderBy(asc(billingPlans.position));
  return rows.map((row) => ({
    code: row.code,
    name: row.name,
    currency: row.currency,
    price_minor: row.priceMinor,
    limits: row.limits,
    overage_micros: row.overageMicros,
    backup_days: row.backupDays,
  }));
}

/**
 * The workspace's current period with the limits in force. The first call in a period opens it, on the plan of the
 * period before; any number of calls, at once or later, find the same row.
 */
export async function openPeriod(ctx: Context, workspaceId: string): Promise<OpenPeriod> {
  const period = monthOf(ctx.clock.now());
  const [latest] = await ctx.db
    .select()
    .from(workspaceQuotas)
    .where(eq(workspaceQuotas.workspaceId, workspaceId))
    .orderBy(desc(workspaceQuotas.periodStart))
    .limit(1);
  if (latest && latest.periodStart.getTime() === period.periodStart) {
    return { ...period, planCode: latest.planCode, limits: latest.limits };
  }
  const planCode = latest?.planCode ?? DEFAULT_PLAN;
  const [plan] = await ctx.db.select().from(billingPlans).where(eq(billingPlans.code, planCode));
  if (!plan) throw new Error(`plan ${planCode} is not seeded`);
  await ctx.db
    .insert(workspaceQuotas)
    .values({
      workspaceId,
      periodStart: new Date(period.periodStart),
      periodEnd: new Date(period.periodEnd),
      planCode,
      limits: plan.limits,
    })
    .onConflictDoNothing();
  return { ...period, planCode, limits: plan.limits };
}

/** Days for which the workspace's plan keeps backups of its database. */
export async function backupDays(ctx: Context, workspaceId: string): Promise<number> {
  const { planCode } = await openPeriod(ctx, workspaceId);
  const [plan] = await ctx.db.select({ days: billingPlans.backupDays }).from(billingPlans).where(eq(billingPlans.code, planCode));
  if (!plan) throw new Error(`plan ${planCode} is not seeded`);
  return plan.days;
}
