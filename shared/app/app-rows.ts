import { and, eq, ne, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import { AppError, notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { apps, appVersions, workspaces } from "#platform/schema";

export type AppRow = typeof apps.$inferSelect;

/** Apps as they are known to the outside. A deleted one keeps its rows under a slug of its own (see `deletedSlug`). */
export const notDeleted = ne(apps.slug, sql`'deleted-' || replace(${apps.id}, '_', '-')`);

export function appOf(workspaceId: string, appId: string) {
  return and(eq(apps.workspaceId, workspaceId), eq(apps.id, appId), notDeleted);
}

/** @throws `not_found` */
export async function readApp(ctx: Context, workspaceId: string, appId: string): Promise<AppRow> {
  const [row] = isId("app", appId) ? await ctx.db.select().from(apps).where(appOf(workspaceId, appId)) : [];
  if (!row) throw notFound("The app");
  return row;
}

/** The same app, read and found unchanged: what a mutation asks for so that of two at once only one wins. */
export function unchanged(app: AppRow) {
  return and(
    appOf(app.workspaceId, app.id),
    eq(apps.status, app.status),
    eq(apps.epoch, app.epoch),
    eq(apps.draftRevision, app.draftRevision),
  );
}

/** What the loser of two changes at once is told. */
export function changedMeanwhile(): AppError {
  return new AppError("conflict", "The app was changed by another request meanwhile. Read it again and repeat.");
}

/** Who is to be named in a `created_by` column. */
export function actingUser(ctx: Context): string | null {
  return ctx.actor.type === "user" ? ctx.actor.userId : null;
}

/** The columns that an app is shown by. */
export const shownColumns = {
  app: {
    id: apps.id,
    workspaceId: apps.workspaceId,
    slug: apps.slug,
    name: apps.name,
    description: apps.description,
    status: apps.status,
    draftRevision: apps.draftRevision,
    publishedAt: apps.publishedAt,
    createdAt: apps.createdAt,
    updatedAt: apps.updatedAt,
  },
  version: { id: appVersions.id, number: appVersions.number },
  workspaceSlug: workspaces.slug,
};
