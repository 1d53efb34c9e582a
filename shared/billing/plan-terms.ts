import { eq } from "drizzle-orm";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { billingPlans, type PlanTerms } from "#platform/schema";

type PlanRow = typeof billingPlans.$inferSelect;

/** What a plan promises today. */
export function termsOf({ code, name, currency, priceMinor, limits, overageMicros }: PlanRow): PlanTerms {
  return { code, name, currency, price_minor: priceMinor, limits, overage_micros: overageMicros };
}

export async function findPlan(db: Transaction | Context["db"], code: string): Promise<PlanRow | undefined> {
  const [plan] = await db.select().from(billingPlans).where(eq(billingPlans.code, code));
  return plan;
}

/** A plan that must be there: a row refers to it, or it is seeded. */
export async function planOf(db: Transaction | Context["db"], code: string): Promise<PlanRow> {
  const plan = await findPlan(db, code);
  if (!plan) throw new Error(`plan ${code} is not seeded`);
  return plan;
}
