import { and, desc, eq, like, lt, type SQL } from "drizzle-orm";
import { dropClaim } from "#database";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { sqlState } from "#platform/db";
import { AppError, notFound } from "#platform/errors";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { appAccessPolicies, apps, appVersions, auditLogs, workspaces } from "#platform/schema";
import type { AppStatus } from "./app-route.ts";
import { actingUser, appOf, changedMeanwhile, notDeleted, readApp, shownColumns, unchanged } from "./app-rows.ts";
import { requireEditable } from "./app-state.ts";
import { announceEpoch } from "./epoch.ts";
import { type Manifest, manifestSchema } from "./manifest/manifest.ts";
import { policyRow } from "./policy-row.ts";
import { deletedSlug, freeSlug, slugOf } from "./slugs.ts";

/** An app as the API shows it. */
export interface App {
  readonly id: string;
  readonly workspace_id: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly status: AppStatus;
  readonly draft_revision: number;
  readonly current_version: { readonly id: string; readonly number: number } | null;
  /** Where visitors find it once it is published. */
  readonly public_url: string;
  readonly published_at: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

function selectApps(ctx: Context, condition: SQL | undefined) {
  return ctx.db
    .select(shownColumns)
    .from(apps)
    .innerJoin(workspaces, eq(workspaces.id, apps.workspaceId))
    .leftJoin(appVersions, eq(appVersions.id, apps.currentVersionId))
    .where(and(condition, notDeleted));
}

type ShownRow = Awaited<ReturnType<typeof selectApps>>[number];

function present(ctx: Context, { app, version, workspaceSlug }: ShownRow): App {
  return {
    id: app.id,
    workspace_id: app.workspaceId,
    slug: app.slug,
    name: app.name,
    description: app.description,
    status: app.status,
    draft_revision: app.draftRevision,
    current_version: version,
    public_url: `${ctx.env.API_ORIGIN}/${workspaceSlug}/${app.slug}`,
    published_at: app.publishedAt?.toISOString() ?? null,
    created_at: app.createdAt.toISOString(),
    updated_at: app.updatedAt.toISOString(),
  };
}

/** The apps of a workspace, newest first. */
export async function listApps(
  ctx: Context,
  workspaceId: string,
  page: PageRequest,
  filter: { status?: AppStatus } = {},
): Promise<Page<App>> {
  const before = readCursor(page.cursor);
  const rows = await selectApps(
    ctx,
    and(
      eq(apps.workspaceId, workspaceId),
      before === undefined ? undefined : lt(apps.id, before),
      filter.status === undefined ? undefined : eq(apps.status, filter.status),
    ),
  )
    .orderBy(desc(apps.id))
    .limit(page.limit + 1);
  return toPage(
    rows.map((row) => ({ id: row.app.id, row })),
    page.limit,
    ({ row }) => present(ctx, row),
  );
}

/** @throws `not_found` */
export async function getApp(ctx: Context, workspaceId: string, appId: string): Promise<App> {
  const [row] = await selectApps(ctx, appOf(workspaceId, appId));
  if (!row) throw notFound("The app");
  return present(ctx, row);
}

/** Times that a slug made from a name is looked for, when others take it in the same moment. */
const SLUG_ATTEMPTS = 5;

export interface NewApp {
  readonly manifest: Manifest;
  /** Without it, one is made from the name. */
  readonly slug?: string | undefined;
}

/** Makes an app whose draft is the manifest. @throws `conflict` when the wanted slug is taken */
export async function createApp(ctx: Context, workspaceId: string, { manifest, slug }: NewApp): Promise<App> {
  for (let attempt = 1; ; attempt += 1) {
    const appId = ctx.newId("app");
    const chosen = slug ?? (await findFreeSlug(ctx, workspaceId, slugOf(manifest.name)));
    try {
      await insertApp(ctx, workspaceId, appId, manifest, chosen);
      return await getApp(ctx, workspaceId, appId);
    } catch (error) {
      if (sqlState(error) !== "23505") throw error;
      if (slug !== undefined || attempt === SLUG_ATTEMPTS) throw slugTaken(chosen, error);
    }
  }
}

async function findFreeSlug(ctx: Context, workspaceId: string, wanted: string): Promise<string> {
  // A number may shorten the slug it stands behind, so neighbours are found by a part that no number touches.
  const rows = await ctx.db
    .select({ slug: apps.slug })
    .from(apps)
    .where(and(eq(apps.workspaceId, workspaceId), like(apps.slug, `${wanted.slice(0, 50)}%`)));
  return freeSlug(wanted, new Set(rows.map((row) => row.slug)));
}

async function insertApp(ctx: Context, workspaceId: string, appId: string, manifest: Manifest, slug: string): Promise<void> {
  const { name, description } = manifest;
  await ctx.db.batch([
    ctx.db.insert(apps).values({ id: appId, workspaceId, slug, name, description, draft: manifest, createdBy: actingUser(ctx) }),
    ctx.db.insert(appAccessPolicies).values({ appId, workspaceId, ...policyRow(ctx, manifest.access_policy) }),
    ctx.db
      .insert(auditLogs)
      .values(auditRow(ctx, { workspaceId, action: "app.created", targetType: "app", targetId: appId, after: { name, slug } })),
  ]);
}

function slugTaken(slug: string, cause: unknown): AppError {
  return new AppError("conflict", `The workspace already has an app with the slug ${slug}.`, {
    cause,
    faults: [{ path: "slug", code: "taken", message: "Choose another slug." }],
  });
}

export interface AppPatch {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly slug?: string | undefined;
}

/**
 * Renames an app, in its draft too, or moves it to another slug. Visitors see a new name with the next publication, a new
 * slug at once. @throws `conflict`, `invalid_state`
 */
export async function updateApp(ctx: Context, workspaceId: string, appId: string, patch: AppPatch): Promise<App> {
  const app = await readApp(ctx, workspaceId, appId);
  requireEditable(app.status);
  const { name = app.name, description = app.description, slug = app.slug } = patch;
  const renamed = name !== app.name || description !== app.description;
  const epoch = slug === app.slug ? app.epoch : app.epoch + 1;
  const draft = renamed ? { ...manifestSchema.parse(app.draft), name, description } : app.draft;
  await ctx
    .transaction(async (tx) => {
      const updated = await tx
        .update(apps)
        .set({
          name,
          description,
          slug,
          draft,
          epoch,
          draftRevision: app.draftRevision + (renamed ? 1 : 0),
          updatedAt: new Date(ctx.clock.now()),
        })
        .where(unchanged(app))
        .returning({ id: apps.id });
      if (updated.length === 0) throw changedMeanwhile();
      const before = { name: app.name, description: app.description, slug: app.slug };
      await tx.insert(auditLogs).values(
        auditRow(ctx, {
          workspaceId,
          action: "app.updated",
          targetType: "app",
          targetId: appId,
          before,
          after: { name, description, slug },
        }),
      );
    })
    .catch((error: unknown) => {
      throw sqlState(error) === "23505" ? slugTaken(slug, error) : error;
    });
  await announceEpoch(ctx, appId, epoch);
  return getApp(ctx, workspaceId, appId);
}

/** Takes an app away for good: visitors lose it at once, its slug is free, its versions and runs are kept as records. */
export async function deleteApp(ctx: Context, workspaceId: string, appId: string): Promise<void> {
  const app = await readApp(ctx, workspaceId, appId);
  const epoch = app.epoch + 1;
  // Once deleted, the app is not found, so a repetition could not announce it: the limiter must be within reach before.
  await announceEpoch(ctx, appId, epoch);
  await ctx.transaction(async (tx) => {
    const deleted = await tx
      .update(apps)
      .set({ status: "archived", slug: deletedSlug(appId), epoch, updatedAt: new Date(ctx.clock.now()) })
      .where(unchanged(app))
      .returning({ id: apps.id });
    if (deleted.length === 0) throw changedMeanwhile();
    await dropClaim(tx, workspaceId, appId);
    const before = { name: app.name, slug: app.slug, status: app.status };
    await tx.insert(auditLogs).values(auditRow(ctx, { workspaceId, action: "app.deleted", targetType: "app", targetId: appId, before }));
  });
  await announceEpoch(ctx, appId, epoch);
}
