import { and, eq } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { apps, auditLogs } from "#platform/schema";
import type { VersionContent } from "./app-route.ts";
import { appOf, changedMeanwhile, readApp } from "./app-rows.ts";
import { requireEditable } from "./app-state.ts";
import { type Manifest, manifestSchema } from "./manifest/manifest.ts";
import { requireManifest } from "./new-app.ts";

export interface Draft {
  readonly manifest: Manifest;
  readonly revision: number;
}

/** The manifest that is being edited, and its revision. @throws `not_found` */
export async function getManifest(ctx: Context, workspaceId: string, appId: string): Promise<Draft> {
  const app = await readApp(ctx, workspaceId, appId);
  return { manifest: manifestSchema.parse(app.draft), revision: app.draftRevision };
}

/** What of a draft is needed to run it. */
export interface RunnableDraft {
  readonly slug: string;
  readonly content: Pick<VersionContent, "name" | "workflow" | "db_schema" | "config">;
}

/** The draft, to be run as it is. @throws `not_found`; `invalid_state` for an archived app; `validation_failed` as publishing does */
export async function readRunnableDraft(ctx: Context, workspaceId: string, appId: string): Promise<RunnableDraft> {
  const app = await readApp(ctx, workspaceId, appId);
  requireEditable(app.status);
  const { name, workflow, db_schema, config } = await requireManifest(app.draft);
  return { slug: app.slug, content: { name, workflow, db_schema, config } };
}

/**
 * Replaces the draft. With `expected`, only if the draft still has that revision.
 * @throws `revision_mismatch` with the current revision; `invalid_state` for an archived app
 */
export async function putDraft(ctx: Context, workspaceId: string, appId: string, manifest: Manifest, expected?: number): Promise<Draft> {
  const app = await readApp(ctx, workspaceId, appId);
  requireEditable(app.status);
  requireRevision(app.draftRevision, expected);
  const revision = app.draftRevision + 1;
  await ctx.transaction(async (tx) => {
    const updated = await tx
      .update(apps)
      .set({
        draft: manifest,
        draftRevision: revision,
        name: manifest.name,
        description: manifest.description,
        updatedAt: new Date(ctx.clock.now()),
      })
      .where(and(appOf(workspaceId, appId), eq(apps.draftRevision, app.draftRevision), eq(apps.status, app.status)))
      .returning({ id: apps.id });
    if (updated.length === 0) throw expected === undefined ? changedMeanwhile() : mismatch();
    await tx
      .insert(auditLogs)
      .values(auditRow(ctx, { workspaceId, action: "app.draft_saved", targetType: "app", targetId: appId, after: { revision } }));
  });
  return { manifest, revision };
}

function requireRevision(current: number, expected: number | undefined): void {
  if (expected !== undefined && expected !== current) throw mismatch(current);
}

function mismatch(current?: number): AppError {
  const now = current === undefined ? "" : ` It has revision ${current} now.`;
  return new AppError("revision_mismatch", `The draft was changed since you read it.${now} Read it again before saving.`);
}
