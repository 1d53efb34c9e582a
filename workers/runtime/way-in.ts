import type { Context } from "#platform/context";
import { errorCode } from "#platform/errors";
import { frameAncestors, localeOf, needsPassword, needsSignIn, pageHeaders, pathWithin, renderKeyPage } from "#runtime";
import { problemResponse } from "../problem.ts";
import { passwordPage } from "./password.ts";
import { departToSignIn } from "./sign-in.ts";
import type { Arrival } from "./visit.ts";

/** Where the arrivalor wanted to go. What was sent is lost on the way in: then it is the app's page. */
function wantedPath({ request, target }: Arrival): string {
  const { pathname, search } = new URL(request.url);
  return pathWithin(target.base, request.method === "GET" || request.method === "HEAD" ? `${pathname}${search}` : null);
}

/** Says that the app is for programs. */
async function keyPage(ctx: Context, { request, route, target }: Arrival, refusal: unknown): Promise<Response> {
  const { status, headers } = problemResponse(refusal, ctx.requestId, ctx.log);
  const locale = localeOf(null, request.headers.get("Accept-Language"));
  const page = renderKeyPage({ locale, name: route.name, address: new URL(request.url).origin + target.base });
  for (const [name, value] of Object.entries(await pageHeaders(frameAncestors(route)))) headers.set(name, value);
  return new Response(page, { status, headers });
}

/** What a browser gets that nobody has let in yet: the way in, as the app's access mode has it. `null` for any other refusal. */
export async function wayIn(ctx: Context, arrival: Arrival, refusal: unknown): Promise<Response | null> {
  if (errorCode(refusal) !== "unauthenticated") return null;
  if (needsSignIn(arrival.route)) return departToSignIn(ctx, arrival, wantedPath(arrival));
  if (needsPassword(arrival.route)) return passwordPage(ctx, arrival, refusal, wantedPath(arrival));
  return arrival.route.accessPolicy.access_mode === "api_key" ? keyPage(ctx, arrival, refusal) : null;
}
