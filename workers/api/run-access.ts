import type { Context } from "#platform/context";
import { AppError, errorCode, notFound } from "#platform/errors";
import { type FoundMemberRun, findRunOf } from "#runtime";
import { authorize, ownWorkspaces, type Permission } from "#workspace";
import { guarded } from "./access.ts";

/** Finds a run in a workspace in which the caller may do this. Throws `unauthenticated`, `not_found`, `forbidden`. */
async function authorizeRun(ctx: Context, runId: string, permission: Permission): Promise<FoundMemberRun> {
  if (ctx.actor.type === "anonymous") throw new AppError("unauthenticated", "Sign in, or send an API key.");
  const found = await findRunOf(ctx, runId, () => ownWorkspaces(ctx));
  if (!found) throw notFound("The run");
  await authorize(ctx, found.workspaceId, permission).catch((error: unknown) => {
    throw errorCode(error) === "not_found" ? notFound("The run") : error;
  });
  return found;
}

/**
 * For routes under `/runs/{id}`; the handler finds the run in `c.get("found")`. Another tenant's run is as unknown as one that
 * never was.
 */
export function inRun(permission: Permission) {
  return guarded(permission, (ctx, parameter) => authorizeRun(ctx, parameter("id"), permission));
}
