import type { Context } from "#platform/context";
import { type Caller, humanSince, requireHuman, type VisitorSession } from "#runtime";
import { clientIp } from "./limits.ts";
import type { Visit } from "./visit.ts";

/** The hosts whose pages may have asked the visitor: the app's own, and the one that an allowed page of elsewhere is on. */
function askingHosts({ url, headers }: Request): string[] {
  const origin = headers.get("Origin");
  const own = new URL(url).hostname;
  return origin !== null && URL.canParse(origin) ? [own, new URL(origin).hostname] : [own];
}

/**
 * The session of a visitor who may run the app, once a captcha is passed where one is asked for. To be called after the
 * origin has been looked at. @throws `captcha_required`, `upstream_unavailable`
 */
export function prove(
  ctx: Context,
  { route, verdict, request }: Visit,
  caller: Caller,
  session: VisitorSession,
  token: string | null,
): Promise<VisitorSession> {
  const proof = { token, appId: route.appId, hostnames: askingHosts(request), ip: clientIp(request) };
  return requireHuman(ctx, session, humanSince(route, caller, verdict), proof);
}
