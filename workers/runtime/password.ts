import type { Context } from "#platform/context";
import { AppError, errorCode } from "#platform/errors";
import {
  checkPassword,
  frameAncestors,
  localeOf,
  needsPassword,
  pageHeaders,
  passwordCookie,
  pathWithin,
  renderPasswordPage,
  requireOwnOrigin,
} from "#runtime";
import { problemResponse } from "../problem.ts";
import { mediaTypeOf, readText } from "../read-body.ts";
import { answerForm } from "./accepts.ts";
import { clientIp } from "./limits.ts";
import { type Arrival, cookieSetting } from "./visit.ts";

/** The most that the form may carry, in bytes. */
const LIMIT = 8 * 1024;

/** The page that asks for the password, in place of whatever was asked for: with the status and headers of the refusal. */
export async function passwordPage(
  ctx: Context,
  arrival: Arrival,
  refusal: unknown,
  next: string,
  fault?: "wrong" | "many",
): Promise<Response> {
  const { request, route, target } = arrival;
  const { status, headers } = problemResponse(refusal, ctx.requestId, ctx.log);
  const locale = localeOf(null, request.headers.get("Accept-Language"));
  const seconds = headers.get("Retry-After") ?? "";
  const faults = { wrong: locale.texts.passwordWrong, many: locale.texts.waitSeconds.replace("{seconds}", seconds) };
  const page = renderPasswordPage({
    locale,
    name: route.name,
    action: `${target.base}/auth/password`,
    next,
    fault: fault === undefined ? null : faults[fault],
  });
  for (const [name, value] of Object.entries(await pageHeaders(frameAncestors(route)))) headers.set(name, value);
  return new Response(page, { status, headers });
}

async function readForm(request: Request): Promise<URLSearchParams> {
  if (mediaTypeOf(request) !== "application/x-www-form-urlencoded") {
    throw new AppError("unsupported_media_type", "Send a form (application/x-www-form-urlencoded) with `password`.");
  }
  return new URLSearchParams(await readText(request, LIMIT));
}

/** `POST …/auth/password`: lets a browser in that knows the password. Throws `unauthenticated` and `rate_limited` to programs. */
export async function givePassword(ctx: Context, arrival: Arrival): Promise<Response> {
  const { request, route, target } = arrival;
  requireOwnOrigin(request);
  const form = await readForm(request);
  const next = pathWithin(target.base, form.get("next"));
  try {
    const isRight = !needsPassword(route) || (await checkPassword(ctx, route, form.get("password") ?? "", clientIp(request)));
    if (!isRight) throw new AppError("unauthenticated", "That is not the app's password.");
  } catch (error) {
    const code = errorCode(error);
    if (answerForm(request) !== "html" || (code !== "unauthenticated" && code !== "rate_limited")) throw error;
    return passwordPage(ctx, arrival, error, next, code === "rate_limited" ? "many" : "wrong");
  }
  const headers = new Headers({ Location: next, "Cache-Control": "no-store" });
  if (needsPassword(route)) headers.append("Set-Cookie", await passwordCookie(ctx, route, cookieSetting(arrival)));
  return new Response(null, { status: 303, headers });
}
