import { and, eq } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { appBudgets, auditLogs } from "#platform/schema";

/** Units a period that one app may use of its workspace's quota; `null`: as many as the workspace has. */
export interface Budget {
  readonly requests: number | null;
  readonly tokens: number | null;
}

const NO_BUDGET: Budget = { requests: null, tokens: null };

/** The budget of an app; without a row it has none. */
export async function getBudget(ctx: Context, workspaceId: string, appId: string): Promise<Budget> {
  const [row] = await ctx.db
    .select({ requests: appBudgets.requests, tokens: appBudgets.tokens })
    .from(appBudgets)
    .where(ofApp(workspaceId, appId));
  return row ?? NO_BUDGET;
}

/** Writes an app's budget down; one without any limit is none. `putBudget` also puts it into force. */
export async function storeBudget(ctx: Context, workspaceId: string, appId: string, budget: Budget): Promise<void> {
  await ctx.transaction(async (tx) => {
    const [before] = await tx
      .select({ requests: appBudgets.requests, tokens: appBudgets.tokens })
      .from(appBudgets)
      .where(ofApp(workspaceId, appId))
      .for("update");
    if (budget.requests === null && budget.tokens === null) await tx.delete(appBudgets).where(ofApp(workspaceId, appId));
    else {
      const { actor } = ctx;
      const row = { ...budget, updatedBy: actor.type === "user" ? actor.userId : null, updatedAt: new Date(ctx.clock.now()) };
      await tx
        .insert(appBudgets)
        .values({ appId, workspaceId, ...row })
        .onConflictDoUpdate({ target: appBudgets.appId, set: row });
    }
    await tx.insert(auditLogs).values(
      auditRow(ctx, {
        workspaceId,
        action: "app.budget_changed",
        targetType: "app",
        targetId: appId,
        before: before ?? NO_BUDGET,
        after: budget,
      }),
    );
  });
}

/** The apps of a workspace that have a budget. */
export async function listBudgetedApps(ctx: Context, workspaceId: string): Promise<string[]> {
  const rows = await ctx.db.select({ appId: appBudgets.appId }).from(appBudgets).where(eq(appBudgets.workspaceId, workspaceId));
  return rows.map(({ appId }) => appId);
}

function ofApp(workspaceId: string, appId: string) {
  return and(eq(appBudgets.workspaceId, workspaceId), eq(appBudgets.appId, appId));
}
