import { and, eq } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { notFound, validationFailed } from "#platform/errors";
import { hashPassword } from "#platform/password";
import { appAccessPolicies, apps, auditLogs } from "#platform/schema";
import { type AppRow, changedMeanwhile, readApp, unchanged } from "./app-rows.ts";
import { requireEditable } from "./app-state.ts";
import { announceEpoch } from "./epoch.ts";
import { classificationFaults } from "./manifest/access-modes.ts";
import { type AccessPolicy, type AccessPolicyPatch, mergePolicy } from "./manifest/access-policy.ts";
import { type Manifest, manifestSchema } from "./manifest/manifest.ts";
import { policyOf, policyRow } from "./policy-row.ts";

type PolicyRow = typeof appAccessPolicies.$inferSelect;

/** The policy in force, and whether the app has a password, which is never shown. */
export interface AccessPolicyView extends AccessPolicy {
  readonly password_set: boolean;
}

async function readRow(ctx: Context, workspaceId: string, appId: string): Promise<PolicyRow> {
  const [row] = await ctx.db.select().from(appAccessPolicies).where(ofApp(workspaceId, appId));
  if (!row) throw notFound("The app");
  return row;
}

/** The policy in force. @throws `not_found` */
export async function getAccessPolicy(ctx: Context, workspaceId: string, appId: string): Promise<AccessPolicyView> {
  const row = await readRow(ctx, workspaceId, appId);
  return { ...policyOf(row), password_set: row.passwordHash !== null };
}

/** The hash of the app's password, and which password it is of; `null` where the app has none. */
export async function readPasswordHash(
  ctx: Context,
  workspaceId: string,
  appId: string,
): Promise<{ readonly hash: string; readonly generation: number } | null> {
  const { passwordHash, passwordGeneration } = await readRow(ctx, workspaceId, appId);
  return passwordHash === null ? null : { hash: passwordHash, generation: passwordGeneration };
}

/**
 * Changes the policy in force, and the draft's with it, so that the next publication does not take the change back. A
 * password is kept beside the policy: setting one, or `null`, ends whatever an earlier one has let in.
 * @throws `not_found`, `invalid_state`, `conflict`; `validation_failed` for a mode that the classification does not allow,
 * and for one that needs a password that is not there
 */
export async function patchAccessPolicy(
  ctx: Context,
  workspaceId: string,
  appId: string,
  patch: AccessPolicyPatch,
): Promise<AccessPolicyView> {
  const [app, row] = await Promise.all([readApp(ctx, workspaceId, appId), readRow(ctx, workspaceId, appId)]);
  requireEditable(app.status);
  const current = policyOf(row);
  const policy = mergePolicy(current, patch);
  const draft = mergeDraft(app, patch);
  const password = await passwordColumns(ctx, row, patch);
  requireConsistent(policy, draft.access_policy, password.passwordHash !== null);
  const before = { ...current, password_set: row.passwordHash !== null, password_generation: row.passwordGeneration };
  const after = { ...policy, password_set: password.passwordHash !== null, password_generation: password.passwordGeneration };
  const epoch = app.epoch + 1;
  await ctx.transaction(async (tx) => {
    const updated = await tx
      .update(apps)
      .set({ epoch, draft, draftRevision: app.draftRevision + 1, updatedAt: new Date(ctx.clock.now()) })
      .where(unchanged(app))
      .returning({ id: apps.id });
    if (updated.length === 0) throw changedMeanwhile();
    await tx
      .update(appAccessPolicies)
      .set({ ...policyRow(ctx, policy), ...password })
      .where(ofApp(workspaceId, appId));
    await tx
      .insert(auditLogs)
      .values(auditRow(ctx, { workspaceId, action: "app.access_policy_changed", targetType: "app", targetId: appId, before, after }));
  });
  await announceEpoch(ctx, appId, epoch);
  return { ...policy, password_set: after.password_set };
}

function mergeDraft(app: AppRow, patch: AccessPolicyPatch): Manifest {
  const draft = manifestSchema.parse(app.draft);
  return { ...draft, access_policy: mergePolicy(draft.access_policy, patch) };
}

async function passwordColumns(ctx: Context, row: PolicyRow, { password }: AccessPolicyPatch) {
  const { passwordHash, passwordGeneration } = row;
  if (password === undefined || (password === null && passwordHash === null)) return { passwordHash, passwordGeneration };
  const hash = password === null ? null : await hashPassword(password, ctx.random);
  return { passwordHash: hash, passwordGeneration: passwordGeneration + 1 };
}

/** The draft is looked at too: its own changes, not published yet, may not go together with this one. */
function requireConsistent(policy: AccessPolicy, draft: AccessPolicy, hasPassword: boolean): void {
  const faults = classificationFaults(policy);
  if (faults.length === 0) faults.push(...classificationFaults(draft));
  if (policy.access_mode === "password" && !hasPassword) {
    faults.push({ path: "password", code: "required", message: "An app that is used with a password needs one: give it along." });
  }
  if (faults.length > 0) throw validationFailed(faults);
}

/** Refuses to open an app to a password that it does not have. @throws `validation_failed` */
export async function requirePassword(ctx: Context, workspaceId: string, appId: string, { access_mode }: AccessPolicy): Promise<void> {
  if (access_mode !== "password" || (await readPasswordHash(ctx, workspaceId, appId)) !== null) return;
  const message = "Set the app's password first, in its access policy.";
  throw validationFailed([{ path: "access_policy.access_mode", code: "password_missing", message }]);
}

function ofApp(workspaceId: string, appId: string) {
  return and(eq(appAccessPolicies.workspaceId, workspaceId), eq(appAccessPolicies.appId, appId));
}
