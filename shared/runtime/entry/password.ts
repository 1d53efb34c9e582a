import { z } from "zod";
import { type AppRoute, readPasswordHash } from "#app";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { verifyPassword } from "#platform/password";
import { networkName } from "../admission/client-network.ts";
import { rateLimitHeaders, secondsUntil } from "../admission/headers.ts";
import { Limiter } from "../admission/limiter.ts";
import { type CookieSetting, cookieLine, readCookie } from "../cookies.ts";
import { Lru } from "../lru.ts";
import { hmacOf, openToken, signToken, toBase64Url } from "../signed-token.ts";

/** By which programs give an app's password; browsers give it once, and keep a cookie. */
export const PASSWORD_HEADER = "X-App-Password";
const PASSWORD_COOKIE = "af_password";
/** Seconds until a browser is asked again. */
const LIFE_SECONDS = 24 * 60 * 60;
/** Wrong passwords that one network may try of one app. */
const ATTEMPTS = { maxRequests: 10, windowMs: 300_000 };
/** Users' passwords have the same bound; what is longer is not worth hashing. */
const LONGEST = 128;

const payloadSchema = z.object({ app: z.string(), generation: z.number().int(), exp: z.number().int() });

/** Passwords that were right a moment ago, as keyed hashes by app and generation: programs give theirs at every request. */
const right = new Lru<string>(500, 60_000);

/**
 * Whether this is the app's password. Throws `rate_limited` for a network that has tried too many wrong ones; right ones
 * count for nothing.
 */
export async function checkPassword(ctx: Context, route: AppRoute, password: string, ip: string): Promise<boolean> {
  if (route.passwordGeneration === 0 || password.length > LONGEST) return false;
  const key = `${route.appId}.${route.passwordGeneration}`;
  const digest = toBase64Url(new Uint8Array(await hmacOf(ctx.env, `password\n${key}\n${password}`)));
  if (right.get(key, ctx.clock.now()) === digest) return true;
  const attempt = await new Limiter(ctx, `password:${route.appId}:${await networkName(ctx, ip)}`, ATTEMPTS).take();
  if (!attempt.ok) throw tooManyAttempts(attempt.resetMs);
  const stored = await readPasswordHash(ctx, route.workspaceId, route.appId);
  if (stored?.generation !== route.passwordGeneration || !(await verifyPassword(password, stored.hash))) return false;
  attempt.refund();
  right.set(key, digest, ctx.clock.now());
  return true;
}

function tooManyAttempts(resetMs: number): AppError {
  const { maxRequests, windowMs } = ATTEMPTS;
  const report = { name: "password", maxRequests, windowSeconds: windowMs / 1_000, remaining: 0, resetMs } as const;
  return new AppError("rate_limited", "Too many wrong passwords. Try again later.", {
    retryAfter: secondsUntil(resetMs),
    headers: rateLimitHeaders([report]),
  });
}

/** Whether a request proves that its sender knows the app's password as it is now: by the cookie of an earlier proof, or by the header. */
export async function knowsPassword(ctx: Context, route: AppRoute, headers: Headers, ip: string): Promise<boolean> {
  const given = headers.get(PASSWORD_HEADER);
  if (given !== null) return checkPassword(ctx, route, given, ip);
  const token = readCookie(headers, PASSWORD_COOKIE);
  const payload = token === null ? null : await openToken(ctx.env, "password", token, payloadSchema);
  if (payload === null || payload.exp <= ctx.clock.now()) return false;
  return payload.app === route.appId && payload.generation === route.passwordGeneration;
}

/** The `Set-Cookie` line of a browser that has given the password. It holds for a day, or until the password changes. */
export async function passwordCookie(ctx: Context, route: AppRoute, setting: CookieSetting): Promise<string> {
  const exp = ctx.clock.now() + LIFE_SECONDS * 1_000;
  const payload: z.infer<typeof payloadSchema> = { app: route.appId, generation: route.passwordGeneration, exp };
  return cookieLine(PASSWORD_COOKIE, await signToken(ctx.env, "password", payload), LIFE_SECONDS, setting);
}

/** Takes the cookie of {@link passwordCookie} away. */
export function endPassword(setting: CookieSetting): string {
  return cookieLine(PASSWORD_COOKIE, "", 0, setting);
}
