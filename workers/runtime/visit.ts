import type { AppRoute } from "#app";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import {
  type CookieSetting,
  captchaOrigin,
  decide,
  enforce,
  frameAncestors,
  judgeVisitor,
  mayAskForCaptcha,
  openSession,
  type PageSetting,
  type Purpose,
  pageHeaders,
  type Reader,
  SESSION_HEADER,
  sessionCookie,
  type Verdict,
  type VisitorSession,
} from "#runtime";
import { type IdentifiedCaller, identifyCaller } from "./caller.ts";
import { clientIp } from "./limits.ts";
import { routeOf, type VisitorTarget } from "./target.ts";

/** A request that has found its app. */
export interface Arrival {
  readonly request: Request;
  readonly target: VisitorTarget;
  readonly route: AppRoute;
}

/** One that the app's rules do not turn away. */
export interface Visit extends Arrival {
  /** What the app's rules say of whoever asks. */
  readonly verdict: Verdict;
}

/**
 * Lets a request in that no rule denies. It is asked before anything is taken from any counter. @throws `blocked`
 */
export async function receive(ctx: Context, request: Request, target: VisitorTarget, route: AppRoute): Promise<Visit> {
  const verdict = await judgeVisitor(ctx, route, { ip: clientIp(request), request });
  if (verdict.denied) throw new AppError("blocked", "This app cannot be used from here.");
  return { request, target, route, verdict };
}

/** Who asks, once the app's policy has let them in for this purpose. */
export async function enter(ctx: Context, visit: Visit, purpose: Purpose): Promise<IdentifiedCaller> {
  const caller = await identifyCaller(ctx, visit.request, visit.route);
  enforce(decide(visit.route, caller, purpose));
  return caller;
}

/**
 * The visit under the route as it is now. Asked again once a body has been read, which may have taken its sender any time: a
 * takedown or a rule that came meanwhile holds. It costs nothing while the app's lease is warm.
 */
export async function renew(ctx: Context, { request, target }: Visit): Promise<Visit> {
  return receive(ctx, request, target, await routeOf(ctx, target));
}

/** Who asks for a run that was made before. Membership gives no right to a visitor's run, so only a key is looked at. */
export async function openReader(ctx: Context, { request, route }: Visit, headers = request.headers): Promise<Reader> {
  const hasKey = headers.has("Authorization");
  const [session, apiKeyId] = await Promise.all([
    openSession(ctx, route, headers),
    hasKey ? identifyCaller(ctx, request, route).then((caller) => caller.apiKeyId) : null,
  ]);
  return { session, apiKeyId };
}

/** How the app's cookies are kept: to its own path, and on HTTPS never sent without it. */
export function cookieSetting({ request, target }: Arrival): CookieSetting {
  return { base: target.base, secure: new URL(request.url).protocol === "https:" };
}

/** The headers by which a visitor keeps the session. */
export function sessionHeaders(visit: Visit, session: VisitorSession): Record<string, string> {
  const header = { [SESSION_HEADER]: session.token };
  if (!session.fresh) return header;
  return { ...header, "Set-Cookie": sessionCookie(session, cookieSetting(visit)) };
}

/** The headers of a page about an app; of one that has not been found, when `route` is `null`. */
export function appPageHeaders(ctx: Context, route: AppRoute | null): Promise<Record<string, string>> {
  const captcha = route !== null && mayAskForCaptcha(route) ? captchaOrigin(ctx.env) : null;
  return pageHeaders(frameAncestors(route), captcha);
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
