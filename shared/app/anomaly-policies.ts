import { and, eq, inArray, isNotNull } from "drizzle-orm";
import type { Context } from "#platform/context";
import { appAccessPolicies } from "#platform/schema";
import { type AnomalyRules, anomalyRulesSchema } from "./manifest/anomaly-rules.ts";

/** What counts as unusual at those of the apps that have rules about it, by app id. */
export async function anomalyRulesOf(ctx: Context, workspaceId: string, appIds: readonly string[]): Promise<Map<string, AnomalyRules>> {
  const rows = await ctx.db
    .select({ appId: appAccessPolicies.appId, anomaly: appAccessPolicies.anomaly })
    .from(appAccessPolicies)
    .where(
      and(
        eq(appAccessPolicies.workspaceId, workspaceId),
        inArray(appAccessPolicies.appId, [...appIds]),
        isNotNull(appAccessPolicies.anomaly),
      ),
    );
  return new Map(rows.map(({ appId, anomaly }) => [appId, anomalyRulesSchema.parse(anomaly)]));
}
