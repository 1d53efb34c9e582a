import type { AppRoute } from "#app";
import type { Context } from "#platform/context";
import { errorText, localeOf, renderMessagePage } from "#runtime";
import { problemOf, problemResponse } from "../problem.ts";
import { appPageHeaders } from "./visit.ts";

/** Errors that a sign-in may resolve. */
const SIGN_IN_CODES: ReadonlySet<string> = new Set(["unauthenticated", "hand_off_refused"]);

/** The app that could not be shown: its policy says who may frame the page, its path where to sign in. */
interface RefusedApp {
  readonly route: AppRoute;
  readonly base: string;
}

/** The answer to a browser's request that failed: the same status and headers as the problem has, in a page. */
export async function visitorErrorPage(error: unknown, request: Request, ctx: Context, app?: RefusedApp): Promise<Response> {
  const { status, headers } = problemResponse(error, ctx.requestId, ctx.log);
  const { code } = problemOf(error, ctx.requestId);
  const locale = localeOf(null, request.headers.get("Accept-Language"));
  const after = Number(headers.get("Retry-After") ?? Number.NaN);
  const signIn = { href: app ? `${app.base}/auth/sign-in` : ctx.env.CONSOLE_ORIGIN, text: locale.texts.signIn };
  const page = renderMessagePage({
    locale,
    message: errorText(locale.texts, code),
    requestId: ctx.requestId,
    link: SIGN_IN_CODES.has(code) ? signIn : undefined,
    retryAfter: Number.isFinite(after) ? after : undefined,
  });
  for (const [name, value] of Object.entries(await appPageHeaders(ctx, app?.route ?? null))) headers.set(name, value);
  return new Response(page, { status, headers });
}
