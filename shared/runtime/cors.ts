import type { AppRoute } from "#app";
import { AppError } from "#platform/errors";
import { CAPTCHA_HEADER } from "./captcha/require-human.ts";
import { isOriginAllowed } from "./policy.ts";
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

/** Refuses a run that another site's page starts without being allowed to: forms are sent without a preflight. */
export function requireOrigin(route: AppRoute, request: Request): void {
  const origin = request.headers.get("Origin");
  if (origin === null || isOriginAllowed(route, origin, ownOrigin(request))) return;
  throw new AppError("access_denied", "This app does not accept requests from pages of this origin.");
}
