import { eq, lt } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { handOffs } from "#platform/schema";
import { type CookieSetting, cookieLine, readCookie } from "../cookies.ts";
import { openToken, signToken, toBase64Url } from "../signed-token.ts";
import type { HandedSignIn, Place } from "./sign-in.ts";

/*
 * How a sign-in gets from the platform to an app at another host (OAuth 2.0's authorization code, in short):
 * 1. The app's host gives the browser a nonce, and sends it to the platform with a signed state that names the nonce.
 * 2. The platform knows the user, or has them sign in, and sends the browser back with a code.
 * 3. The app's host takes state and code only together with the nonce, and the code only once.
 */

const NONCE_COOKIE = "af_hand_off";
/** Seconds that somebody may take to sign in. */
const STATE_LIFE_SECONDS = 600;
/** Seconds between the code and its use: a redirect. */
const CODE_LIFE_SECONDS = 60;

const stateSchema = z.object({ app: z.string(), host: z.string(), nonce: z.string(), next: z.string(), exp: z.number().int() });

export interface Departure {
  readonly state: string;
  /** `Set-Cookie` line of the nonce. */
  readonly cookie: string;
}

async function hashOf(text: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

/** The first step, at the app's host. `next` is the path to come back to. Tabs of one browser share the nonce, so that each of them gets through. */
export async function beginHandOff(ctx: Context, place: Place, headers: Headers, next: string, setting: CookieSetting): Promise<Departure> {
  const known = readCookie(headers, NONCE_COOKIE);
  const nonce = known !== null && /^[\w-]{43}$/.test(known) ? known : toBase64Url(ctx.random.bytes(32));
  const exp = ctx.clock.now() + STATE_LIFE_SECONDS * 1_000;
  const payload: z.infer<typeof stateSchema> = { app: place.appId, host: place.host, nonce: await hashOf(nonce), next, exp };
  return {
    state: await signToken(ctx.env, "hand-off", payload),
    cookie: cookieLine(NONCE_COOKIE, nonce, STATE_LIFE_SECONDS, setting),
  };
}

/** The second step, at the platform: a code for this user, this app, this host and this state. Only its hash is kept. */
export async function issueCode(ctx: Context, place: Place, signIn: HandedSignIn, state: string): Promise<string> {
  const code = toBase64Url(ctx.random.bytes(32));
  const now = ctx.clock.now();
  const row = {
    codeHash: await hashOf(code),
    ...signIn,
    ...place,
    stateHash: await hashOf(state),
    createdAt: new Date(now),
    expiresAt: new Date(now + CODE_LIFE_SECONDS * 1_000),
  };
  await ctx.db.batch([ctx.db.delete(handOffs).where(lt(handOffs.expiresAt, new Date(now))), ctx.db.insert(handOffs).values(row)]);
  return code;
}

/** Takes a code away, whoever shows it: one that went astray is of no use to anybody after that. */
async function consume(ctx: Context, code: string) {
  const [row] = await ctx.db
    .delete(handOffs)
    .where(eq(handOffs.codeHash, await hashOf(code)))
    .returning();
  return row ?? null;
}

export type HandedOver = { readonly ok: true; readonly signIn: HandedSignIn; readonly next: string } | { readonly ok: false };

/** The third step, at the app's host. Refuses a code that is used, late or not for here, and a state that this browser did not ask with. */
export async function redeemCode(
  ctx: Context,
  place: Place,
  headers: Headers,
  { code, state }: { readonly code: string; readonly state: string },
): Promise<HandedOver> {
  const row = await consume(ctx, code);
  const asked = await openToken(ctx.env, "hand-off", state, stateSchema);
  const nonce = readCookie(headers, NONCE_COOKIE);
  const now = ctx.clock.now();
  if (row === null || row.expiresAt.getTime() <= now || row.appId !== place.appId || row.host !== place.host) return { ok: false };
  if (asked === null || nonce === null || asked.exp <= now || asked.app !== place.appId || asked.host !== place.host) return { ok: false };
  if (row.stateHash !== (await hashOf(state)) || asked.nonce !== (await hashOf(nonce))) return { ok: false };
  return { ok: true, signIn: { userId: row.userId, sessionId: row.sessionId }, next: asked.next };
}

/** Takes the nonce away once it has served. */
export function endHandOff(setting: CookieSetting): string {
  return cookieLine(NONCE_COOKIE, "", 0, setting);
}
