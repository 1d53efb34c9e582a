import type { AppRoute } from "#app";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { type Caller, needsMember } from "#runtime";
import { isMember } from "#workspace";
import { resolveActor } from "../context.ts";

export interface IdentifiedCaller extends Caller {
  /** The key that asks, or `null` for a visitor. */
  readonly apiKeyId: string | null;
}

/**
 * Who asks. A key has to be good for this app wherever it is given, so that nobody mistakes a wrong key for a working one;
 * a sign-in is looked at only where membership decides.
 */
export async function identifyCaller(ctx: Context, request: Request, route: AppRoute): Promise<IdentifiedCaller> {
  const visitor = { runKey: false, member: false, apiKeyId: null };
  if (!request.headers.has("Authorization") && !needsMember(route)) return visitor;
  const known = await resolveActor(ctx, request);
  if (known.actor.type !== "api_key") {
    return needsMember(route) ? { ...visitor, member: await isMember(known, route.workspaceId) } : visitor;
  }
  const { workspaceId, scopes, apiKeyId } = known.actor;
  if (workspaceId !== route.workspaceId) throw new AppError("access_denied", "This API key belongs to another workspace.");
  if (!scopes.includes("runs:create")) throw new AppError("forbidden", "This API key lacks the scope runs:create.");
  return { runKey: true, member: false, apiKeyId };
}
