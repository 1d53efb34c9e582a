import { z } from "zod";
import type { Context } from "#platform/context";
import type { Env } from "#platform/env";
import { AppError } from "#platform/errors";

/*
 * Cloudflare Turnstile: its widget gives a browser a token, which is verified once with the secret key.
 * https://developers.cloudflare.com/turnstile/get-started/server-side-validation/
 */

const CLOUDFLARE = "https://challenges.cloudflare.com";
/** Milliseconds for one attempt to verify a token. */
const TIMEOUT_MS = 3_000;
const ATTEMPTS = 2;
/** A token is good for five minutes; a minute more for clocks that differ. */
const TOKEN_LIFE_MS = 5 * 60_000;
const CLOCK_SKEW_MS = 60_000;

/** What a browser needs to show the widget. */
export interface CaptchaOffer {
  readonly script: string;
  readonly site_key: string;
  /** Goes into the token, so that one app's token is no good for another. */
  readonly action: string;
}

/** Where the widget comes from, for pages' content security policy; `null` where no captcha is set up. */
export function captchaOrigin(env: Pick<Env, "TURNSTILE_SITE_KEY" | "TURNSTILE_SECRET_KEY" | "TURNSTILE_ORIGIN">): string | null {
  return env.TURNSTILE_SITE_KEY && env.TURNSTILE_SECRET_KEY ? env.TURNSTILE_ORIGIN || CLOUDFLARE : null;
}

/** How an app's page asks its visitor; `null` where no captcha is set up. */
export function captchaOffer({ env }: Pick<Context, "env">, appId: string): CaptchaOffer | null {
  const origin = captchaOrigin(env);
  if (origin === null || !env.TURNSTILE_SITE_KEY) return null;
  return { script: `${origin}/turnstile/v0/api.js?render=explicit`, site_key: env.TURNSTILE_SITE_KEY, action: appId };
}

/** A token, and what it has to be good for. */
export interface CaptchaProof {
  readonly token: string;
  readonly appId: string;
  /** The visitor who brings it: brought again by the same, it is verified again; by another, it is spent. */
  readonly sessionId: string;
  /** The hosts on whose pages it may have been given. */
  readonly hostnames: readonly string[];
  readonly ip: string;
}

const answerSchema = z.object({
  success: z.boolean(),
  challenge_ts: z.iso.datetime().optional(),
  hostname: z.string().optional(),
  action: z.string().optional(),
  "error-codes": z.array(z.string()).default([]),
});
type Answer = z.infer<typeof answerSchema>;

/** The fault is the token's; all others are ours or Turnstile's. */
const TOKEN_FAULTS: ReadonlySet<string> = new Set(["missing-input-response", "invalid-input-response", "timeout-or-duplicate"]);

/** A name (UUID) for verifying this token for this visitor, under which Turnstile answers a repetition like the first time. */
async function idempotencyKey({ token, appId, sessionId }: CaptchaProof): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([appId, sessionId, token]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text), 0, 16);
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  // The bits of version 8 (RFC 9562): a UUID of one's own making.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

async function ask({ env }: Context, body: Readonly<Record<string, string>>): Promise<Answer> {
  const response = await fetch(`${env.TURNSTILE_ORIGIN || CLOUDFLARE}/turnstile/v0/siteverify`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = answerSchema.parse(await response.json());
  if (answer.success || answer["error-codes"].some((code) => TOKEN_FAULTS.has(code))) return answer;
  throw new Error(`Turnstile answered ${response.status} ${answer["error-codes"].join(", ")}`);
}

async function verify(ctx: Context, proof: CaptchaProof): Promise<Answer> {
  const body = {
    secret: ctx.env.TURNSTILE_SECRET_KEY ?? "",
    response: proof.token,
    remoteip: proof.ip,
    idempotency_key: await idempotencyKey(proof),
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask(ctx, body);
    } catch (cause) {
      if (attempt < ATTEMPTS) continue;
      ctx.log.error("a captcha could not be verified", cause);
      throw new AppError("upstream_unavailable", "The captcha cannot be checked right now. Try again in a moment.", {
        cause,
        retryAfter: 5,
      });
    }
  }
}

/**
 * Whether a token was given to a human, just now, on a page of this app, and is not spent. Fails closed: throws
 * `upstream_unavailable` when nobody can say.
 */
export async function isHuman(ctx: Context, proof: CaptchaProof): Promise<boolean> {
  const { success, challenge_ts, hostname, action } = await verify(ctx, proof);
  if (!success || challenge_ts === undefined || hostname === undefined) return false;
  const age = ctx.clock.now() - Date.parse(challenge_ts);
  const inTime = age >= -CLOCK_SKEW_MS && age <= TOKEN_LIFE_MS + CLOCK_SKEW_MS;
  return inTime && action === proof.appId && proof.hostnames.includes(hostname);
}
