import type { Context } from "#platform/context";
import { errorCode } from "#platform/errors";
import { frameAncestors, localeOf, needsPassword, needsSignIn, pageHeaders, pathWithin, renderKeyPage } from "#runtime";
import { problemResponse } from "../problem.ts";
import { passwordPage } from "./password.ts";
import { departToSignIn } from "./sign-in.ts";
import type { Visit } from "./visit.ts";

/** Where the visitor wanted to go. What was sent is lost on the way in: then it is the app's page. */
function wantedPath({ request, target }: Visit): string {
  const { pathname, search } = new URL(request.url);
  return pathWithin(target.base, request.method === "GET" || request.method === "HEAD" ? `${pathname}${search}` : null);
}

/** Says that the app is for programs. */
async function keyPage(ctx: Context, { request, route, target }: Visit, refusal: unknown): Promise<Response> {
  const { status, headers } = problemResponse(refusal, ctx.requestId, ctx.log);
  const locale = localeOf(null, request.headers.get("Accept-Language"));
  const page = renderKeyPage({ locale, name: route.name, address: new URL(request.url).origin + target.base });
  for (const [name, value] of Object.entries(await pageHeaders(frameAncestors(route)))) headers.set(name, value);
  return new Response(page, { status, headers });
}

/** What a browser gets that nobody has let in yet: the way in, as the app's access mode has it. `null` for any other refusal. */
export async function wayIn(ctx: Context, visit: Visit, refusal: unknown): Promise<Response | null> {
  if (errorCode(refusal) !== "unauthenticated") return null;
  if (needsSignIn(visit.route)) return departToSignIn(ctx, visit, wantedPath(visit));
  if (needsPassword(visit.route)) return passwordPage(ctx, visit, refusal, wantedPath(visit));
  return visit.route.accessPolicy.access_mode === "api_key" ? keyPage(ctx, visit, refusal) : null;
}
