import { type AnomalyRules, type AutomaticRule, anomalyRulesOf, enforceForAWhile } from "#app";
import type { Context } from "#platform/context";
import type { ExecutionRecord } from "#platform/records";
import { judgeApp, judgeNetwork } from "./detect.ts";
import { appTraffic, networkTraffic } from "./traffic.ts";

/**
 * Looks at the traffic that newly written runs are part of, and puts rules in force against what the apps' policies call
 * unusual. Counting happens here, where runs reach the platform database, so that visitors never wait for it; what is
 * overlooked when it fails is found with the next runs.
 */
export async function watchTraffic(ctx: Context, records: readonly ExecutionRecord[]): Promise<void> {
  const visits = records.filter(({ trigger }) => trigger === "visitor");
  for (const [workspaceId, runs] of Map.groupBy(visits, ({ workspace_id }) => workspace_id)) {
    const byApp = Map.groupBy(runs, ({ app_id }) => app_id);
    const watched = await anomalyRulesOf(ctx, workspaceId, [...byApp.keys()]);
    await Promise.all(Array.from(watched, ([appId, rules]) => watchApp(ctx, workspaceId, appId, rules, byApp.get(appId) ?? [])));
  }
}

async function watchApp(
  ctx: Context,
  workspaceId: string,
  appId: string,
  rules: AnomalyRules,
  runs: readonly ExecutionRecord[],
): Promise<void> {
  const found = await Promise.all([ofNetworks(ctx, { workspaceId, appId }, rules, runs), ofApp(ctx, { workspaceId, appId }, rules)]);
  await enforceForAWhile(ctx, workspaceId, appId, found.flat());
}

interface App {
  readonly workspaceId: string;
  readonly appId: string;
}

async function ofNetworks(ctx: Context, app: App, rules: AnomalyRules, runs: readonly ExecutionRecord[]): Promise<AutomaticRule[]> {
  const networks = new Set(runs.flatMap(({ network }) => network ?? []));
  if (networks.size === 0 || (rules.frequency === null && rules.failure_rate === null)) return [];
  const traffic = await networkTraffic(ctx, app, rules, [...networks]);
  return traffic.flatMap((each) => judgeNetwork(rules, each));
}

async function ofApp(ctx: Context, app: App, { spike }: AnomalyRules): Promise<AutomaticRule[]> {
  const found = spike && judgeApp(spike, await appTraffic(ctx, app, spike));
  return found ? [found] : [];
}
