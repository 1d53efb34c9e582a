import type { AppRoute } from "#app";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { type Caller, knowsPassword, needsPassword, needsSignIn, readSignIn } from "#runtime";
import { type VisitorStanding, visitorStanding } from "#workspace";
import { resolveActor } from "../context.ts";
import { clientIp } from "./limits.ts";

export interface IdentifiedCaller extends Caller {
  /** The key that asks, or `null` for a visitor. */
  readonly apiKeyId: string | null;
}

/**
 * Who asks. A key has to be good for this app wherever it is given, so that nobody mistakes a wrong key for a working one;
 * a sign-in or a password is looked at only where it decides.
 */
export async function identifyCaller(ctx: Context, request: Request, route: AppRoute): Promise<IdentifiedCaller> {
  const visitor = { runKey: false, person: null, password: false, apiKeyId: null };
  if (request.headers.has("Authorization")) return { ...visitor, runKey: true, apiKeyId: await requireRunKey(ctx, request, route) };
  if (needsSignIn(route)) return { ...visitor, person: await findPerson(ctx, request, route) };
  if (needsPassword(route)) return { ...visitor, password: await knowsPassword(ctx, route, request.headers, clientIp(request)) };
  return visitor;
}

async function requireRunKey(ctx: Context, request: Request, route: AppRoute): Promise<string> {
  const { actor } = await resolveActor(ctx, request);
  if (actor.type !== "api_key" || actor.workspaceId !== route.workspaceId) {
    throw new AppError("access_denied", "This API key belongs to another workspace.");
  }
  if (!actor.scopes.includes("runs:create")) throw new AppError("forbidden", "This API key lacks the scope runs:create.");
  return actor.apiKeyId;
}

/** The signed-in user: by the platform's own cookie where it reaches, else by the one that the platform has handed over to this host. */
async function findPerson(ctx: Context, request: Request, route: AppRoute): Promise<VisitorStanding | null> {
  // Imported late: most apps never need the auth library.
  const { findSignIn } = await import("../api/auth.ts");
  const own = await findSignIn(ctx, request);
  const known = own && (await visitorStanding(ctx, route.workspaceId, own.signIn));
  if (known) return known;
  const handed = await readSignIn(ctx, { appId: route.appId, host: new URL(request.url).host }, request.headers);
  return handed && visitorStanding(ctx, route.workspaceId, handed);
}
