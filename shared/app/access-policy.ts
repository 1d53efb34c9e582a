import { and, eq } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import { appAccessPolicies, apps, auditLogs } from "#platform/schema";
import { changedMeanwhile, readApp, unchanged } from "./app-rows.ts";
import { requireEditable } from "./app-state.ts";
import { announceEpoch } from "./epoch.ts";
import { type AccessPolicy, type AccessPolicyPatch, mergePolicy } from "./manifest/access-policy.ts";
import { manifestSchema } from "./manifest/manifest.ts";
import { policyOf, policyRow } from "./policy-row.ts";

/** The policy in force. @throws `not_found` */
export async function getAccessPolicy(ctx: Context, workspaceId: string, appId: string): Promise<AccessPolicy> {
  const [row] = await ctx.db.select().from(appAccessPolicies).where(ofApp(workspaceId, appId));
  if (!row) throw notFound("The app");
  return policyOf(row);
}

/**
 * Changes the policy in force, and the draft's with it, so that the next publication does not take the change back.
 * @throws `not_found`, `invalid_state`, `conflict`
 */
export async function patchAccessPolicy(ctx: Context, workspaceId: string, appId: string, patch: AccessPolicyPatch): Promise<AccessPolicy> {
  const [app, current] = await Promise.all([readApp(ctx, workspaceId, appId), getAccessPolicy(ctx, workspaceId, appId)]);
  requireEditable(app.status);
  const policy = mergePolicy(current, patch);
  const draft = manifestSchema.parse(app.draft);
  const epoch = app.epoch + 1;
  await ctx.transaction(async (tx) => {
    const updated = await tx
      .update(apps)
      .set({
        epoch,
        draft: { ...draft, access_policy: mergePolicy(draft.access_policy, patch) },
        draftRevision: app.draftRevision + 1,
        updatedAt: new Date(ctx.clock.now()),
      })
      .where(unchanged(app))
      .returning({ id: apps.id });
    if (updated.length === 0) throw changedMeanwhile();
    await tx.update(appAccessPolicies).set(policyRow(ctx, policy)).where(ofApp(workspaceId, appId));
    await tx.insert(auditLogs).values(
      auditRow(ctx, {
        workspaceId,
        action: "app.access_policy_changed",
        targetType: "app",
        targetId: appId,
        before: current,
        after: policy,
      }),
    );
  });
  await announceEpoch(ctx, appId, epoch);
  return policy;
}

function ofApp(workspaceId: string, appId: string) {
  return and(eq(appAccessPolicies.workspaceId, workspaceId), eq(appAccessPolicies.appId, appId));
}
