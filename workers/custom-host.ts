import { findActiveHostname, type HostnameTarget } from "#domain";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { shieldLookUp } from "#runtime";
import { asset } from "./asset.ts";
import { handleVisitor } from "./runtime/index.ts";
import { clientIp } from "./runtime/limits.ts";

/** Half a year: long enough to protect whoever comes back, short enough for an owner who takes the hostname elsewhere. */
const STRICT_TRANSPORT = "max-age=15552000";

/** The scheme that a visitor came by. Cloudflare says so where another zone of its stands in between. */
type Scheme = "http" | "https";

/**
 * Answers a request for any host but the platform's own: by the app whose active hostname it is, and by nothing else. Neither the
 * members' API, sign-in nor an app by its slug is reached from here. Throws `misdirected_request` (421, RFC 9110, section 15.5.20)
 * for a host that serves nothing, so that a client which has reused a connection asks again on another, and `rate_limited` for
 * too many hosts that nobody has asked for here.
 */
export async function answerCustomHost(
  request: Request,
  url: URL,
  ctx: Context,
  failed: (error: unknown) => Promise<Response>,
): Promise<Response> {
  const target = await findActiveHostname(ctx, url.hostname, () => shieldLookUp(ctx, clientIp(request)));
  if (!target) throw new AppError("misdirected_request", `No app is served at ${url.hostname}.`);
  const scheme = schemeOf(request, url);
  const elsewhere = redirectOf(url, scheme, target, ctx);
  const response = elsewhere ?? (await serve(request, url, target, ctx).catch(failed));
  if (scheme === "https" && !response.webSocket) response.headers.set("Strict-Transport-Security", STRICT_TRANSPORT);
  return response;
}

function serve(request: Request, url: URL, target: HostnameTarget, ctx: Context): Promise<Response> {
  if (url.pathname.startsWith("/assets/")) return asset(request, ctx.env);
  return handleVisitor(request, ctx, { kind: "host", ...target, rest: url.pathname.slice(1), base: "" });
}

/** Where the visitor is to go instead, in one step: to the canonical hostname, and to https where the platform itself has it. */
function redirectOf(url: URL, scheme: Scheme, { redirectTo }: HostnameTarget, { env }: Context): Response | null {
  const secure = env.API_ORIGIN.startsWith("https:");
  if (redirectTo === null && (scheme === "https" || !secure)) return null;
  const location = new URL(url);
  if (redirectTo !== null) location.hostname = redirectTo;
  if (secure) Object.assign(location, { protocol: "https:", port: "" });
  location.username = "";
  location.password = "";
  return new Response(null, { status: 308, headers: { Location: location.href, "Cache-Control": "no-store" } });
}

function schemeOf(request: Request, url: URL): Scheme {
  const told = /"scheme"\s*:\s*"(https?)"/.exec(request.headers.get("CF-Visitor") ?? "")?.[1];
  return (told ?? url.protocol.slice(0, -1)) === "https" ? "https" : "http";
}
