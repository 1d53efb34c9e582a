import { and, desc, eq, lt, sql } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import { canonicalJson, digestOf } from "#platform/canonical";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { apps, appVersions, auditLogs, workflows } from "#platform/schema";
import { type AppRow, actingUser, changedMeanwhile, readApp, unchanged } from "./app-rows.ts";
import { requireEditable } from "./app-state.ts";
import { type Difference, differences } from "./diff.ts";
import { type Manifest, manifestSchema } from "./manifest/manifest.ts";

type VersionRow = typeof appVersions.$inferSelect;

/** A version as the API lists it. */
export interface Version {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly changelog: string;
  readonly created_by: string | null;
  readonly created_at: string;
  /** Whether visitors get this one. */
  readonly is_current: boolean;
}

export interface VersionWithManifest extends Version {
  readonly manifest: Manifest;
}

/** A frozen manifest and the row that names it. */
export interface FrozenVersion {
  readonly row: VersionRow;
  readonly manifest: Manifest;
}

function present(row: VersionRow, currentVersionId: string | null): Version {
  return {
    id: row.id,
    number: row.number,
    name: row.name,
    changelog: row.changelog,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    is_current: row.id === currentVersionId,
  };
}

function frozen(row: VersionRow, definition: unknown): FrozenVersion {
  const manifest = manifestSchema.parse({
    manifest: "1",
    name: row.name,
    description: row.description,
    workflow: definition,
    ui_schema: row.uiSchema,
    db_schema: row.dbSchema,
    access_policy: row.accessPolicy,
    config: row.config,
  });
  return { row, manifest };
}

/** The versions of an app, newest first. @throws `not_found` */
export async function listVersions(ctx: Context, workspaceId: string, appId: string, page: PageRequest): Promise<Page<Version>> {
  const before = readCursor(page.cursor);
  const [app, rows] = await Promise.all([
    readApp(ctx, workspaceId, appId),
    ctx.db
      .select()
      .from(appVersions)
      .where(
        and(
          eq(appVersions.workspaceId, workspaceId),
          eq(appVersions.appId, appId),
          before === undefined ? undefined : lt(appVersions.id, before),
        ),
      )
      .orderBy(desc(appVersions.id))
      .limit(page.limit + 1),
  ]);
  return toPage(rows, page.limit, (row) => present(row, app.currentVersionId));
}

/** @throws `not_found` for a version that is not this app's */
export async function readFrozen(ctx: Context, workspaceId: string, appId: string, versionId: string): Promise<FrozenVersion> {
  const [found] = isId("version", versionId)
    ? await ctx.db
        .select({ row: appVersions, definition: workflows.definition })
        .from(appVersions)
        .innerJoin(workflows, eq(workflows.id, appVersions.workflowId))
        .where(and(eq(appVersions.workspaceId, workspaceId), eq(appVersions.appId, appId), eq(appVersions.id, versionId)))
    : [];
  if (!found) throw notFound("The version");
  return frozen(found.row, found.definition);
}

/** @throws `not_found` */
export async function getVersion(ctx: Context, workspaceId: string, appId: string, versionId: string): Promise<VersionWithManifest> {
  const [app, { row, manifest }] = await Promise.all([readApp(ctx, workspaceId, appId), readFrozen(ctx, workspaceId, appId, versionId)]);
  return { ...present(row, app.currentVersionId), manifest };
}

/** What changed from version `a` to version `b`. @throws `not_found` */
export async function diffVersions(ctx: Context, workspaceId: string, appId: string, a: string, b: string): Promise<Difference[]> {
  const [before, after] = await Promise.all([readFrozen(ctx, workspaceId, appId, a), readFrozen(ctx, workspaceId, appId, b)]);
  return differences(before.manifest, after.manifest);
}

/** Freezes the draft under the next number. @throws `not_found`, `invalid_state`, `conflict` */
export async function createVersion(ctx: Context, workspaceId: string, appId: string, changelog: string): Promise<Version> {
  const app = await readApp(ctx, workspaceId, appId);
  requireEditable(app.status);
  const draft = await prepareDraft(app);
  const row = await ctx.transaction((tx) => freeze(ctx, tx, app, draft, changelog));
  return present(row, app.currentVersionId);
}

/** Freezes the draft unless the newest version is the same already; gives the version that holds it. @throws `conflict` */
export async function freezeIfNew(ctx: Context, app: AppRow, changelog: string): Promise<FrozenVersion> {
  const draft = await prepareDraft(app);
  const row = await ctx.transaction(async (tx) => {
    await lockApp(tx, app);
    const newest = await readNewest(tx, app);
    if (newest && canonicalJson(newest.manifest) === canonicalJson(draft.manifest)) return newest.row;
    return freeze(ctx, tx, app, draft, changelog);
  });
  return { row, manifest: draft.manifest };
}

interface PreparedDraft {
  readonly manifest: Manifest;
  readonly workflowDigest: string;
}

async function prepareDraft(app: AppRow): Promise<PreparedDraft> {
  const manifest = manifestSchema.parse(app.draft);
  return { manifest, workflowDigest: await digestOf(manifest.workflow) };
}

/** Holds the app until the transaction ends, so that numbers are given out one after the other. @throws `conflict` */
async function lockApp(tx: Transaction, app: AppRow): Promise<void> {
  const locked = await tx.select({ id: apps.id }).from(apps).where(unchanged(app)).for("update");
  if (locked.length === 0) throw changedMeanwhile();
}

async function readNewest(tx: Transaction, app: AppRow): Promise<FrozenVersion | undefined> {
  const [found] = await tx
    .select({ row: appVersions, definition: workflows.definition })
    .from(appVersions)
    .innerJoin(workflows, eq(workflows.id, appVersions.workflowId))
    .where(and(eq(appVersions.workspaceId, app.workspaceId), eq(appVersions.appId, app.id)))
    .orderBy(desc(appVersions.number))
    .limit(1);
  return found && frozen(found.row, found.definition);
}

async function freeze(
  ctx: Context,
  tx: Transaction,
  app: AppRow,
  { manifest, workflowDigest }: PreparedDraft,
  changelog: string,
): Promise<VersionRow> {
  await lockApp(tx, app);
  const workflowId = await shareWorkflow(ctx, tx, app, manifest, workflowDigest);
  const [row] = await tx
    .insert(appVersions)
    .values({
      id: ctx.newId("version"),
      workspaceId: app.workspaceId,
      appId: app.id,
      number: sql`(SELECT coalesce(max(number), 0) + 1 FROM app_versions WHERE app_id = ${app.id})`,
      name: manifest.name,
      description: manifest.description,
      changelog,
      workflowId,
      uiSchema: manifest.ui_schema,
      dbSchema: manifest.db_schema,
      accessPolicy: manifest.access_policy,
      config: manifest.config,
      createdBy: actingUser(ctx),
    })
    .returning();
  if (!row) throw new Error("the insert returned no row");
  await tx.insert(auditLogs).values(
    auditRow(ctx, {
      workspaceId: app.workspaceId,
      action: "version.created",
      targetType: "version",
      targetId: row.id,
      after: { app_id: app.id, number: row.number },
    }),
  );
  return row;
}

/** The row of this graph: the one that an earlier version has, or a new one. */
async function shareWorkflow(ctx: Context, tx: Transaction, app: AppRow, manifest: Manifest, digest: string): Promise<string> {
  const { id: appId, workspaceId } = app;
  await tx
    .insert(workflows)
    .values({ id: ctx.newId("workflow"), workspaceId, appId, digest, definition: manifest.workflow })
    .onConflictDoNothing();
  const [row] = await tx
    .select({ id: workflows.id })
    .from(workflows)
    .where(and(eq(workflows.workspaceId, workspaceId), eq(workflows.appId, appId), eq(workflows.digest, digest)));
  if (!row) throw new Error("the graph was neither found nor inserted");
  return row.id;
}
