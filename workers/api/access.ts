import { createMiddleware } from "hono/factory";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { authorize, type Permission } from "#workspace";
import type { ApiBindings } from "./router.ts";

/** What a route asks of its caller: a permission, only to be somebody, or only to be a person. */
type RouteAccess = Permission | "signed_in" | "user";

/** What a guarded handler finds besides the context: what its guard has found, and the workspace its caller was let into. */
interface GuardedBindings<Found> extends ApiBindings {
  Variables: ApiBindings["Variables"] & { workspaceId: string; found: Found };
}

/** Decides whether the caller may go on, and in which workspace. Path parameters are as they came: garbage must end in `not_found`. */
type Guard<Found> = (ctx: Context, parameter: (name: string) => string, permission: Permission) => Promise<Found>;

const USER_ONLY: Record<string, string[]>[] = [{ session: [] }];
const USER_OR_KEY: Record<string, string[]>[] = [...USER_ONLY, { api_key: [] }];

/**
 * Spread into `createRoute({...})`: declares the permission of a route (`x-permission` in the API description) and enforces
 * it before anything else of the request is looked at. The handler finds the workspace in `c.get("workspaceId")`.
 */
export function guarded<Found extends { readonly workspaceId: string }>(permission: Permission, guard: Guard<Found>) {
  const middleware = createMiddleware<GuardedBindings<Found>>(async (c, next) => {
    const found = await guard(c.get("ctx"), (name) => c.req.param(name) ?? "", permission);
    c.set("workspaceId", found.workspaceId);
    c.set("found", found);
    await next();
  });
  return { "x-permission": permission satisfies RouteAccess, security: USER_OR_KEY, middleware };
}

/** For routes under `/workspaces/{id}`. */
export function inWorkspace(permission: Permission) {
  return guarded(permission, async (ctx, parameter) => {
    const workspaceId = parameter("id");
    await authorize(ctx, workspaceId, permission);
    return { workspaceId };
  });
}

/** For routes that any signed-in user or key may call, such as the list of one's own workspaces. */
export function signedIn() {
  const middleware = createMiddleware<ApiBindings>(async (c, next) => {
    if (c.get("ctx").actor.type === "anonymous") throw new AppError("unauthenticated", "Sign in, or send an API key.");
    await next();
  });
  return { "x-permission": "signed_in" satisfies RouteAccess, security: USER_OR_KEY, middleware };
}

/** For what only a person can do: a key belongs to a workspace and stands for nobody. */
export function asUser() {
  const middleware = createMiddleware<ApiBindings>(async (c, next) => {
    const { actor } = c.get("ctx");
    if (actor.type === "anonymous") throw new AppError("unauthenticated", "Sign in first.");
    if (actor.type !== "user") throw new AppError("forbidden", "Only a signed-in user can do this.");
    await next();
  });
  return { "x-permission": "user" satisfies RouteAccess, security: USER_ONLY, middleware };
}
