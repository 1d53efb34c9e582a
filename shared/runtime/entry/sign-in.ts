import { z } from "zod";
import type { Context } from "#platform/context";
import { type CookieSetting, cookieLine, readCookie } from "../cookies.ts";
import { openToken, signToken } from "../signed-token.ts";

const SIGN_IN_COOKIE = "af_sign_in";
/** Seconds. Membership is looked up at every visit; this is how long nobody is asked who they are. */
const LIFE_SECONDS = 24 * 60 * 60;

const payloadSchema = z.object({
  app: z.string(),
  host: z.string(),
  user: z.string(),
  session: z.string(),
  exp: z.number().int(),
});

/** Where a sign-in holds: in one app, at one host. */
export interface Place {
  readonly appId: string;
  readonly host: string;
}

/** A user's sign-in: who it is of, and which one of theirs. */
export interface HandedSignIn {
  readonly userId: string;
  readonly sessionId: string;
}

/** The `Set-Cookie` line by which a browser is known as a user's, in this app at this host. */
export async function signInCookie(ctx: Context, place: Place, signIn: HandedSignIn, setting: CookieSetting): Promise<string> {
  const exp = ctx.clock.now() + LIFE_SECONDS * 1_000;
  const payload: z.infer<typeof payloadSchema> = {
    app: place.appId,
    host: place.host,
    user: signIn.userId,
    session: signIn.sessionId,
    exp,
  };
  return cookieLine(SIGN_IN_COOKIE, await signToken(ctx.env, "sign-in", payload), LIFE_SECONDS, setting);
}

/**
 * The sign-in that a request's cookie proves, or `null` when there is none that is ours, of this app and host, and not too
 * old. Whether it still holds is for the platform to say.
 */
export async function readSignIn(ctx: Context, place: Place, headers: Headers): Promise<HandedSignIn | null> {
  const token = readCookie(headers, SIGN_IN_COOKIE);
  const payload = token === null ? null : await openToken(ctx.env, "sign-in", token, payloadSchema);
  if (payload === null || payload.exp <= ctx.clock.now()) return null;
  if (payload.app !== place.appId || payload.host !== place.host) return null;
  return { userId: payload.user, sessionId: payload.session };
}

/** Takes the cookie of {@link signInCookie} away. */
export function endSignIn(setting: CookieSetting): string {
  return cookieLine(SIGN_IN_COOKIE, "", 0, setting);
}
