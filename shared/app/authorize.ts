import { and, eq } from "drizzle-orm";
import type { Context } from "#platform/context";
import { AppError, errorCode, notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { apps } from "#platform/schema";
import { authorize, type Permission } from "#workspace";
import { notDeleted } from "./app-rows.ts";

/**
 * Refuses a caller who may not do this to the app, and says whose app it is.
 * @throws `unauthenticated`; `not_found` for an unknown, malformed or other tenant's id, all alike; `forbidden`
 */
export async function authorizeApp(ctx: Context, appId: string, permission: Permission): Promise<{ workspaceId: string }> {
  if (ctx.actor.type === "anonymous") throw new AppError("unauthenticated", "Sign in, or send an API key.");
  const [app] = isId("app", appId)
    ? await ctx.db
        .select({ workspaceId: apps.workspaceId })
        .from(apps)
        .where(and(eq(apps.id, appId), notDeleted))
    : [];
  if (!app) throw notFound("The app");
  await authorize(ctx, app.workspaceId, permission).catch((error: unknown) => {
    throw errorCode(error) === "not_found" ? notFound("The app") : error;
  });
  return app;
}
