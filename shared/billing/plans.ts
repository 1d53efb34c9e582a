import { asc } from "drizzle-orm";
import type { Context } from "#platform/context";
import { billingPlans, type MeterLimits } from "#platform/schema";
import { openPeriod } from "./periods.ts";
import { planOf, termsOf } from "./plan-terms.ts";

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

/** The plans on offer, in the order of what they take on. */
export async function listPlans(ctx: Context): Promise<Plan[]> {
  const rows = await ctx.db.select().from(billingPlans).orderBy(asc(billingPlans.position));
  return rows.map((row) => ({ ...termsOf(row), limits: row.limits, overage_micros: row.overageMicros, backup_days: row.backupDays }));
}

/** Days for which the workspace's plan keeps backups of its database. */
export async function backupDays(ctx: Context, workspaceId: string): Promise<number> {
  const { planCode } = await openPeriod(ctx, workspaceId);
  return (await planOf(ctx.db, planCode)).backupDays;
}
