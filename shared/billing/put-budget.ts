import type { Context } from "#platform/context";
import { type Budget, storeBudget } from "./budgets.ts";
import { callCounter } from "./counters.ts";
import { reconcileCounter, refreshQuota } from "./quota-state.ts";

/**
 * Gives an app a budget, or takes it away. It is in force everywhere within 5 seconds, and what the app has used in this period
 * counts. Errors: `upstream_unavailable`: it is stored but not in force; repeat the request.
 */
export async function putBudget(ctx: Context, workspaceId: string, appId: string, budget: Budget): Promise<void> {
  await storeBudget(ctx, workspaceId, appId, budget);
  const name = { workspaceId, appId };
  await callCounter(ctx, name, (counter) => counter.refresh());
  // What went by while there was no budget was not counted here.
  await reconcileCounter(ctx, name);
  await refreshQuota(ctx, workspaceId);
}
