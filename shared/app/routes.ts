import { and, eq } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import { appAccessPolicies, apps, appVersions, workflows, workspaces } from "#platform/schema";
import type { AppRoute, VersionContent } from "./app-route.ts";
import { notDeleted } from "./app-rows.ts";
import { endedSessionsColumn } from "./ended-sessions.ts";
import { manifestSchema } from "./manifest/manifest.ts";
import { policyOf } from "./policy-row.ts";
import { routeRuleSchema, rulesInForce } from "./visitor-rules/in-force.ts";

/** What visitors ask by: the two words of a public address, or the app that a custom hostname names. */
export type AppAddress = { readonly workspaceSlug: string; readonly appSlug: string } | { readonly appId: string };

/** Who serves an address, straight from the platform database in one query; `null` when no app has it. */
export async function findRoute(ctx: Context, address: AppAddress): Promise<AppRoute | null> {
  const condition =
    "appId" in address ? eq(apps.id, address.appId) : and(eq(workspaces.slug, address.workspaceSlug), eq(apps.slug, address.appSlug));
  const [row] = await ctx.db
    .select({
      workspaceId: apps.workspaceId,
      workspaceSlug: workspaces.slug,
      region: workspaces.region,
      appId: apps.id,
      appSlug: apps.slug,
      status: apps.status,
      epoch: apps.epoch,
      draft: { name: apps.name, description: apps.description },
      version: { id: appVersions.id, number: appVersions.number, name: appVersions.name, description: appVersions.description },
      policy: appAccessPolicies,
      visitorRules: rulesInForce(new Date(ctx.clock.now())),
      endedSessions: endedSessionsColumn(ctx),
    })
    .from(apps)
    .innerJoin(workspaces, eq(workspaces.id, apps.workspaceId))
    .innerJoin(appAccessPolicies, eq(appAccessPolicies.appId, apps.id))
    .leftJoin(appVersions, eq(appVersions.id, apps.currentVersionId))
    .where(and(condition, notDeleted));
  if (!row) return null;
  const { version, draft, policy, visitorRules, endedSessions, ...route } = row;
  const { name, description } = version ?? draft;
  return {
    ...route,
    name,
    description,
    versionId: version?.id ?? null,
    versionNumber: version?.number ?? null,
    accessPolicy: policyOf(policy),
    passwordGeneration: policy.passwordGeneration,
    visitorRules: z.array(routeRuleSchema).parse(visitorRules),
    endedSessions: z.array(z.string()).parse(endedSessions),
  };
}

const contentSchema = manifestSchema.pick({
  name: true,
  description: true,
  workflow: true,
  ui_schema: true,
  db_schema: true,
  config: true,
});
const rowSchema = z.object({ versionId: z.string(), number: z.number().int(), content: contentSchema });

const contentColumns = {
  versionId: appVersions.id,
  number: appVersions.number,
  content: {
    name: appVersions.name,
    description: appVersions.description,
    workflow: workflows.definition,
    ui_schema: appVersions.uiSchema,
    db_schema: appVersions.dbSchema,
    config: appVersions.config,
  },
};

function contentOf(row: unknown): VersionContent {
  const { content, ...version } = rowSchema.parse(row);
  return { ...version, ...content };
}

/**
 * A version of a published app by the app's slug: the one with this number, or the one that visitors get. `null` when there is
 * none.
 */
export async function findPublishedVersion(
  ctx: Context,
  workspaceId: string,
  slug: string,
  number?: number,
): Promise<{ readonly appId: string; readonly content: VersionContent } | null> {
  const wanted = number === undefined ? eq(appVersions.id, apps.currentVersionId) : eq(appVersions.number, number);
  const [row] = await ctx.db
    .select({ appId: apps.id, ...contentColumns })
    .from(apps)
    .innerJoin(appVersions, eq(appVersions.appId, apps.id))
    .innerJoin(workflows, eq(workflows.id, appVersions.workflowId))
    .where(and(eq(apps.workspaceId, workspaceId), eq(apps.slug, slug), eq(apps.status, "published"), wanted));
  return row ? { appId: row.appId, content: contentOf(row) } : null;
}

/** What a version serves, in one query. It never changes, so it can be kept for ever. @throws `not_found` */
export async function readVersion(ctx: Context, workspaceId: string, versionId: string): Promise<VersionContent> {
  const [row] = await ctx.db
    .select(contentColumns)
    .from(appVersions)
    .innerJoin(workflows, eq(workflows.id, appVersions.workflowId))
    .where(and(eq(appVersions.workspaceId, workspaceId), eq(appVersions.id, versionId)));
  if (!row) throw notFound("The version");
  return contentOf(row);
}
