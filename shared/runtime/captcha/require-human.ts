import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { humanSession, type VisitorSession } from "../session.ts";
import { type CaptchaProof, captchaOffer, isHuman } from "./turnstile.ts";

/** Brings a captcha's token where there is no JSON body for it. */
export const CAPTCHA_HEADER = "X-Captcha-Token";

/** A visitor who was found to be human is not asked again for this long (ms): a conversation has many turns. */
const TRUST_MS = 60 * 60 * 1000;

/** What a visitor of an app brings to prove to be human; without a token, nothing. */
export type BroughtProof = Omit<CaptchaProof, "sessionId" | "token"> & { readonly token: string | null };

function captchaRequired(ctx: Context, appId: string, detail: string): AppError {
  const captcha = captchaOffer(ctx, appId);
  if (captcha === null) return new AppError("captcha_required", "This app asks for a captcha, but this deployment has none set up.");
  return new AppError("captcha_required", detail, { details: { captcha } });
}

/**
 * The session of a visitor who has been found to be human at or after `since` (ms) and not long ago: the one they have, or a
 * new token for it when they prove it now. `null` asks for nothing.
 * @throws `captcha_required` with how to ask, `upstream_unavailable` when a proof cannot be checked
 */
export async function requireHuman(
  ctx: Context,
  session: VisitorSession,
  since: number | null,
  { token, ...proof }: BroughtProof,
): Promise<VisitorSession> {
  if (since === null) return session;
  const { humanAt } = session;
  if (humanAt !== null && humanAt >= since && ctx.clock.now() - humanAt < TRUST_MS) return session;
  const { appId } = proof;
  if (token === null || captchaOffer(ctx, appId) === null) {
    throw captchaRequired(ctx, appId, "This app asks for a captcha. Send its token as captcha_token.");
  }
  if (await isHuman(ctx, { ...proof, token, sessionId: session.id })) return humanSession(ctx, appId, session);
  throw captchaRequired(ctx, appId, "The captcha's token is not valid, is for another page, or was used before. Ask for a new one.");
}
