import type { AppRoute } from "#app";
import { AppError } from "#platform/errors";
import { CAPTCHA_HEADER } from "./captcha/require-human.ts";
import { PASSWORD_HEADER } from "./entry/password.ts";
import { isOriginAllowed, isOriginTrusted } from "./policy.ts";
import { SESSION_HEADER } from "./session.ts";

const EXPOSED = [
  SESSION_HEADER,
  "X-Request-Id",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "Location",
  "Preference-Applied",
  "Idempotency-Replayed",
  "ETag",
].join(", ");
const ACCEPTED = [
  "Content-Type",
  "Accept",
  "Authorization",
  SESSION_HEADER,
  PASSWORD_HEADER,
  "Prefer",
  "Idempotency-Key",
  "Last-Event-ID",
  "X-File-Name",
  CAPTCHA_HEADER,
].join(", ");
/** Seconds. Browsers ask again after it, so that a change of origins is noticed. */
const PREFLIGHT_LIFE_SECONDS = 300;

/** Origin of the request's own address. */
function ownOrigin(request: Request): string {
  return new URL(request.url).origin;
}

/**
 * What tells a browser that another origin's page may read the answer. No credentials: cookies of the app do not travel
 * to other sites, their pages send the session as a header.
 */
export function corsHeaders(route: AppRoute, request: Request): Record<string, string> {
  const origin = request.headers.get("Origin");
  // Said to everybody, so that an answer kept by a cache serves pages of any origin.
  if (route.accessPolicy.allowed_origins.includes("*")) return permission("*");
  const vary = { Vary: "Origin" };
  return origin !== null && isOriginAllowed(route, origin, ownOrigin(request)) ? { ...vary, ...permission(origin) } : vary;
}

function permission(origin: string): Record<string, string> {
  return { "Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": EXPOSED };
}

/** The answer to a preflight. An origin that is not allowed gets no permission, which is all that a browser needs. */
export function preflightResponse(route: AppRoute, request: Request, methods: readonly string[]): Response {
  const cors = corsHeaders(route, request);
  const headers = new Headers(cors);
  headers.set("Allow", [...methods, "OPTIONS"].join(", "));
  if ("Access-Control-Allow-Origin" in cors) {
    headers.set("Access-Control-Allow-Methods", methods.join(", "));
    headers.set("Access-Control-Allow-Headers", ACCEPTED);
    headers.set("Access-Control-Max-Age", String(PREFLIGHT_LIFE_SECONDS));
  }
  return new Response(null, { status: 204, headers });
}

/** The origin of the page that a request comes from; `null` for no page at all. Browsers say it, or at least that it is another one's. */
function pageOrigin({ headers, url }: Request): string | null {
  const origin = headers.get("Origin");
  if (origin !== null) return origin;
  const site = headers.get("Sec-Fetch-Site");
  if (site === null || site === "none") return null;
  return site === "same-origin" ? new URL(url).origin : "null";
}

/** Whether a request brings a cookie of ours, of a visitor or of a member. */
function bringsOurCookie({ headers }: Request): boolean {
  return /(?:^|;\s*)(?:af_|(?:__Secure-)?agentflow\.)/.test(headers.get("Cookie") ?? "");
}

/**
 * Refuses what another site's page asks for without being allowed to: forms are sent without a preflight. An app that takes
 * requests from everywhere takes them from strangers, never from one of its visitors whose cookie some page has sent along.
 */
export function requireOrigin(route: AppRoute, request: Request): void {
  const origin = pageOrigin(request);
  if (origin === null || isOriginTrusted(route, origin, ownOrigin(request))) return;
  if (isOriginAllowed(route, origin, ownOrigin(request)) && !bringsOurCookie(request)) return;
  throw foreignOrigin();
}

/** Refuses what is for the app's own pages alone: giving the password, signing out. */
export function requireOwnOrigin(request: Request): void {
  const origin = pageOrigin(request);
  if (origin !== null && origin !== ownOrigin(request)) throw foreignOrigin();
}

function foreignOrigin(): AppError {
  return new AppError("access_denied", "This app does not accept requests from pages of this origin.");
}
