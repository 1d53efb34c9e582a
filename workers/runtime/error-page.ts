import type { AppRoute } from "#app";
import type { Context } from "#platform/context";
import { localeOf, renderMessagePage } from "#runtime";
import { problemOf, problemResponse } from "../problem.ts";
import { appPageHeaders } from "./visit.ts";

/** Errors that a sign-in may resolve. */
const SIGN_IN_CODES: ReadonlySet<string> = new Set(["access_denied", "unauthenticated"]);

/**
 * The answer to a browser's request that failed: the same status and headers as the problem has, in a page. `route` is
 * given once the app is known; its policy then says who may show the page in a frame.
 */
export async function visitorErrorPage(error: unknown, request: Request, ctx: Context, route: AppRoute | null = null): Promise<Response> {
  const { status, headers } = problemResponse(error, ctx.requestId, ctx.log);
  const { code } = problemOf(error, ctx.requestId);
  const locale = localeOf(null, request.headers.get("Accept-Language"));
  const after = Number(headers.get("Retry-After") ?? Number.NaN);
  const page = renderMessagePage({
    locale,
    code,
    requestId: ctx.requestId,
    link: SIGN_IN_CODES.has(code) ? { href: ctx.env.CONSOLE_ORIGIN, text: locale.texts.signIn } : undefined,
    retryAfter: Number.isFinite(after) ? after : undefined,
  });
  for (const [name, value] of Object.entries(await appPageHeaders(ctx, route))) headers.set(name, value);
  return new Response(page, { status, headers });
}
