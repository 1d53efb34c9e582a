import type { AppRoute } from "#app";
import type { Context } from "#platform/context";
import {
  type CookieSetting,
  decide,
  enforce,
  openSession,
  type PageSetting,
  type Purpose,
  type Reader,
  resolveRoute,
  SESSION_HEADER,
  sessionCookie,
  type VisitorSession,
} from "#runtime";
import { type IdentifiedCaller, identifyCaller } from "./caller.ts";
import { addressOf, type VisitorTarget } from "./target.ts";

/** A request that has found its app. */
export interface Visit {
  readonly request: Request;
  readonly target: VisitorTarget;
  readonly route: AppRoute;
}

/** Who asks, once the app's policy has let them in for this purpose. */
export async function enter(ctx: Context, visit: Visit, purpose: Purpose): Promise<IdentifiedCaller> {
  const caller = await identifyCaller(ctx, visit.request, visit.route);
  enforce(decide(visit.route, caller, purpose));
  return caller;
}

/**
 * The route as it is now. Asked again once a body has been read, which may have taken its sender any time: a takedown
 * meanwhile holds. It costs nothing while the app's lease is warm.
 */
export async function renew(ctx: Context, visit: Visit): Promise<Visit> {
  return { ...visit, route: await resolveRoute(ctx, addressOf(visit.target)) };
}

/** Who asks for a run that was made before. Membership gives no right to a visitor's run, so only a key is looked at. */
export async function openReader(ctx: Context, { request, route }: Visit, headers = request.headers): Promise<Reader> {
  const hasKey = headers.has("Authorization");
  const [session, apiKeyId] = await Promise.all([
    openSession(ctx, route.appId, headers),
    hasKey ? identifyCaller(ctx, request, route).then((caller) => caller.apiKeyId) : null,
  ]);
  return { session, apiKeyId };
}

/** How the app's cookies are kept: to its own path, and on HTTPS never sent without it. */
export function cookieSetting({ request, target }: Visit): CookieSetting {
  return { base: target.base, secure: new URL(request.url).protocol === "https:" };
}

/** The headers by which a visitor keeps the session. */
export function sessionHeaders(visit: Visit, session: VisitorSession): Record<string, string> {
  const header = { [SESSION_HEADER]: session.token };
  if (!session.fresh) return header;
  return { ...header, "Set-Cookie": sessionCookie(session, cookieSetting(visit)) };
}

export function pageSetting(ctx: Context, visit: Visit): PageSetting {
  return {
    base: visit.target.base,
    acceptLanguage: visit.request.headers.get("Accept-Language"),
    offlineModel: ctx.env.MODEL_KIND === "offline",
    release: ctx.env.VERSION,
  };
}

/** Whether the client already holds this version of an answer (RFC 9110, section 13.1.2: weak comparison). */
export function isFresh(request: Request, etag: string): boolean {
  const known = request.headers.get("If-None-Match");
  if (known === null) return false;
  return known.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag.replace(/^W\//, ""));
}
