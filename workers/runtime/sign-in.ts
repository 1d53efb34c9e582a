import type { Context } from "#platform/context";
import { AppError, notFound } from "#platform/errors";
import {
  beginHandOff,
  endHandOff,
  endPassword,
  endSession,
  endSignIn,
  frameAncestors,
  localeOf,
  needsSignIn,
  type Place,
  pageHeaders,
  pathWithin,
  redeemCode,
  renderMessagePage,
  requireOwnOrigin,
  signInCookie,
} from "#runtime";
import { answerForm } from "./accepts.ts";
import { type Arrival, cookieSetting } from "./visit.ts";

function placeOf({ request, route }: Arrival): Place {
  return { appId: route.appId, host: new URL(request.url).host };
}

/** Sends a browser on. What it got on the way is for it alone. */
function onward(location: string, cookies: readonly string[]): Response {
  const headers = new Headers({ Location: location, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer" });
  for (const cookie of cookies) headers.append("Set-Cookie", cookie);
  return new Response(null, { status: 303, headers });
}

/** Sends a browser to the platform, which knows who it is of, or asks; it comes back to `next`. */
export async function departToSignIn(ctx: Context, arrival: Arrival, next: string): Promise<Response> {
  const place = placeOf(arrival);
  const { state, cookie } = await beginHandOff(ctx, place, arrival.request.headers, next, cookieSetting(arrival));
  const platform = new URL("/auth/hand-off", ctx.env.CONSOLE_ORIGIN);
  platform.search = new URLSearchParams({ app: place.appId, host: place.host, state }).toString();
  return onward(platform.href, [cookie]);
}

/** `GET …/auth/sign-in`: signs in, and comes back to the app's page or to `?next=`. */
export function signIn(ctx: Context, arrival: Arrival): Promise<Response> {
  if (!needsSignIn(arrival.route)) throw notFound("The page");
  const next = new URL(arrival.request.url).searchParams.get("next");
  return departToSignIn(ctx, arrival, pathWithin(arrival.target.base, next));
}

/** `GET …/auth/callback`: takes over the sign-in that the platform hands over. Throws `hand_off_refused`. */
export async function callback(ctx: Context, arrival: Arrival): Promise<Response> {
  const { searchParams } = new URL(arrival.request.url);
  const [code, state] = [searchParams.get("code") ?? "", searchParams.get("state") ?? ""];
  const place = placeOf(arrival);
  const handed = await redeemCode(ctx, place, arrival.request.headers, { code, state });
  if (!handed.ok) throw new AppError("hand_off_refused", "This sign-in was used already, is too old, or is for another address.");
  const setting = cookieSetting(arrival);
  const cookies = [await signInCookie(ctx, place, handed.signIn, setting), endHandOff(setting)];
  return onward(pathWithin(arrival.target.base, handed.next), cookies);
}

/** `POST …/auth/sign-out`: forgets who the visitor is, whichever way they came in. */
export async function signOut(_ctx: Context, arrival: Arrival): Promise<Response> {
  const { request, target, route } = arrival;
  requireOwnOrigin(request);
  const setting = cookieSetting(arrival);
  const headers = new Headers({ "Cache-Control": "no-store" });
  for (const cookie of [endSignIn(setting), endPassword(setting), endSession(setting)]) headers.append("Set-Cookie", cookie);
  if (answerForm(request) !== "html") return new Response(null, { status: 204, headers });
  const locale = localeOf(null, request.headers.get("Accept-Language"));
  for (const [name, value] of Object.entries(await pageHeaders(frameAncestors(route)))) headers.set(name, value);
  const link = { href: target.base || "/", text: locale.texts.again };
  return new Response(renderMessagePage({ locale, message: locale.texts.signedOut, requestId: null, link }), { headers });
}
