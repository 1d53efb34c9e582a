import { applySchema } from "#database";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { AppError, validationFailed } from "#platform/errors";
import { appAccessPolicies, apps, auditLogs } from "#platform/schema";
import { requirePassword } from "./access-policy.ts";
import { type AppRow, changedMeanwhile, readApp, unchanged } from "./app-rows.ts";
import { type AppTransition, nextStatus } from "./app-state.ts";
import { type App, getApp } from "./apps.ts";
import { announceEpoch } from "./epoch.ts";
import type { AccessPolicy } from "./manifest/access-policy.ts";
import { validateManifest } from "./manifest/validate.ts";
import { policyRow } from "./policy-row.ts";
import { freezeIfNew, readFrozen } from "./versions.ts";

export interface PublishRequest {
  /** Without it, the draft is frozen first. */
  readonly versionId?: string | undefined;
  readonly changelog?: string | undefined;
  /** The hash of a plan of the database whose losses are accepted. */
  readonly confirm?: string | undefined;
}

/**
 * Puts a version before visitors, with the access policy it was frozen with, after its tables exist.
 * @throws `validation_failed` with every fault when the version cannot run; `invalid_state`; `conflict` when another change
 * won; what `applySchema` throws, with nothing switched
 */
export async function publish(ctx: Context, workspaceId: string, appId: string, request: PublishRequest = {}): Promise<App> {
  const app = await readApp(ctx, workspaceId, appId);
  nextStatus(app.status, "publish");
  const { row, manifest } = request.versionId
    ? await readFrozen(ctx, workspaceId, appId, request.versionId)
    : await freezeValidDraft(ctx, app, request.changelog ?? "");
  await requireRunnable(manifest);
  await requirePassword(ctx, workspaceId, appId, manifest.access_policy);
  await applySchema(ctx, workspaceId, { appId, schema: manifest.db_schema, confirm: request.confirm, undeclared: "drop" });
  return change(ctx, app, { transition: "publish", versionId: row.id, accessPolicy: manifest.access_policy });
}

async function freezeValidDraft(ctx: Context, app: AppRow, changelog: string) {
  await requireRunnable(app.draft);
  return freezeIfNew(ctx, app, changelog);
}

/** What was valid when it was written may not be any more: rules grow. */
async function requireRunnable(manifest: unknown): Promise<void> {
  const checked = await validateManifest(manifest);
  if (!checked.ok) throw validationFailed(checked.faults);
}

/**
 * Puts an earlier version back before visitors. The access policy in force stays, and so do tables and columns that this
 * version does not know: they only stop being required.
 * @throws `not_found`, `invalid_state` (also when it is the current version already), `validation_failed`, `conflict`,
 * what `applySchema` throws
 */
export async function rollback(ctx: Context, workspaceId: string, appId: string, versionId: string, confirm?: string): Promise<App> {
  const app = await readApp(ctx, workspaceId, appId);
  nextStatus(app.status, "rollback");
  const { row, manifest } = await readFrozen(ctx, workspaceId, appId, versionId);
  if (row.id === app.currentVersionId) {
    // It may be so by a rollback that was answered with 503.
    await announceEpoch(ctx, appId, app.epoch);
    throw new AppError("invalid_state", `Version ${row.number} is the current one already.`);
  }
  await requireRunnable(manifest);
  await applySchema(ctx, workspaceId, { appId, schema: manifest.db_schema, confirm, undeclared: "keep" });
  return change(ctx, app, { transition: "rollback", versionId: row.id });
}

/** Takes an app from visitors; it can be published again. Repeating it announces the change again. */
export async function unpublish(ctx: Context, workspaceId: string, appId: string): Promise<App> {
  return withdraw(ctx, workspaceId, appId, "unpublish");
}

/** Puts an unpublished app away for good. Repeating it announces the change again. */
export async function archive(ctx: Context, workspaceId: string, appId: string): Promise<App> {
  return withdraw(ctx, workspaceId, appId, "archive");
}

async function withdraw(ctx: Context, workspaceId: string, appId: string, transition: "unpublish" | "archive"): Promise<App> {
  const app = await readApp(ctx, workspaceId, appId);
  const done = transition === "unpublish" ? "unpublished" : "archived";
  if (app.status !== done) return change(ctx, app, { transition, versionId: app.currentVersionId });
  await announceEpoch(ctx, appId, app.epoch);
  return getApp(ctx, workspaceId, appId);
}

interface Change {
  readonly transition: AppTransition;
  readonly versionId: string | null;
  readonly accessPolicy?: AccessPolicy;
}

const ACTIONS = { publish: "app.published", rollback: "app.rolled_back", unpublish: "app.unpublished", archive: "app.archived" } as const;

/** The one way in which what visitors get is switched: conditional, audited, under a new epoch, then announced. */
async function change(ctx: Context, app: AppRow, { transition, versionId, accessPolicy }: Change): Promise<App> {
  const status = nextStatus(app.status, transition);
  const epoch = app.epoch + 1;
  const now = new Date(ctx.clock.now());
  await ctx.transaction(async (tx) => {
    const switched = await tx
      .update(apps)
      .set({
        status,
        currentVersionId: versionId,
        epoch,
        updatedAt: now,
        ...(transition === "publish" || transition === "rollback" ? { publishedAt: now } : {}),
      })
      .where(unchanged(app))
      .returning({ id: apps.id });
    if (switched.length === 0) throw changedMeanwhile();
    if (accessPolicy) await writePolicy(ctx, tx, app, accessPolicy);
    await tx.insert(auditLogs).values(
      auditRow(ctx, {
        workspaceId: app.workspaceId,
        action: ACTIONS[transition],
        targetType: "app",
        targetId: app.id,
        before: { status: app.status, version_id: app.currentVersionId },
        after: { status, version_id: versionId },
      }),
    );
  });
  await announceEpoch(ctx, app.id, epoch);
  return getApp(ctx, app.workspaceId, app.id);
}

async function writePolicy(ctx: Context, tx: Transaction, app: AppRow, policy: AccessPolicy): Promise<void> {
  const row = policyRow(ctx, policy);
  await tx
    .insert(appAccessPolicies)
    .values({ appId: app.id, workspaceId: app.workspaceId, ...row })
    .onConflictDoUpdate({ target: appAccessPolicies.appId, set: row });
}
