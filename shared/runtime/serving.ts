import { type AppRoute, findRoute, readVersion } from "#app";
import type { Context } from "#platform/context";
import { AppError, notFound } from "#platform/errors";
import { rememberRegion } from "#platform/placement";
import { currentEpoch } from "./admission/index.ts";
import { shieldLookUp } from "./admission/shield.ts";
import { type RouteAddress, RouteCache } from "./routes.ts";
import { type ServedVersion, VersionCache } from "./versions.ts";

/** This isolate's caches. Routes are compared with their app's epoch at every use; versions never change. */
const routes = new RouteCache({ find: findRoute, currentEpoch });
const versions = new VersionCache(readVersion);

/**
 * The route of an address, at most a lease's life (5 s) behind the last change. A visitor's address (`ip`) may be refused the
 * look-up of one that nobody has asked for here. Throws `not_found`, `rate_limited`.
 */
export async function resolveRoute(ctx: Context, address: RouteAddress, ip?: string): Promise<AppRoute> {
  const route = await routes.resolve(ctx, address, ip === undefined ? undefined : () => shieldLookUp(ctx, ip));
  if (route === null) throw notFound("The app");
  rememberRegion(route.workspaceId, route.region);
  return route;
}

/**
 * The route as it is at a host that serves one version, whatever the app publishes: policy, rules and takedowns stay those of the
 * app. `null`: the host serves what the app publishes.
 */
export async function atVersion(ctx: Context, route: AppRoute, versionId: string | null): Promise<AppRoute> {
  if (versionId === null || versionId === route.versionId || route.status !== "published") return route;
  const { content } = await versions.get(ctx, route.workspaceId, versionId);
  return { ...route, versionId, versionNumber: content.number, name: content.name, description: content.description };
}

/** The version that a route serves. Throws `not_available` for a route that serves none. */
export function loadVersion(ctx: Context, route: AppRoute): Promise<ServedVersion> {
  if (route.versionId === null) throw new AppError("not_available", "This app is not available right now.");
  return versions.get(ctx, route.workspaceId, route.versionId);
}
