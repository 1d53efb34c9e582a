import { z } from "zod";
import type { AppRoute } from "#app";
import type { Context } from "#platform/context";
import { isId, newId } from "#platform/ids";
import { type CookieSetting, cookieLine, readCookie } from "./cookies.ts";
import { hmacOf, openToken, signToken } from "./signed-token.ts";

/*
 * Who a visitor is, without storage: a signed token that the browser keeps as a cookie and other callers send back as a
 * header. It proves that we named this visitor for this app, and nothing else.
 */

export const SESSION_COOKIE = "af_session";
export const SESSION_HEADER = "X-App-Session-Id";

/** A session ends this long after its last renewal, in milliseconds. */
const LIFE_MS = 24 * 60 * 60 * 1000;
/** A token younger than this is sent back as it came: renewing it at every request would only cost signatures. */
const RENEW_AFTER_MS = 60 * 60 * 1000;

const payloadSchema = z.object({
  id: z.string().refine((id) => isId("visitor", id)),
  app: z.string(),
  iat: z.number().int(),
  exp: z.number().int(),
  /** When the visitor was last found to be human (ms). */
  human: z.number().int().optional(),
});
type Payload = z.infer<typeof payloadSchema>;

export interface VisitorSession {
  /** `vis_…`: what runs are recorded under and limits count by. */
  readonly id: string;
  /** The signed form, which is all that callers ever see. */
  readonly token: string;
  /** Whether the token is new and the cookie has to be written. */
  readonly fresh: boolean;
  /** When the visitor was last found to be human (ms), or `null`. */
  readonly humanAt: number | null;
  /** Whether the request brought a token of this session, rather than becoming it now. */
  readonly returning: boolean;
}

/** What of an app's route sessions depend on. */
export type SessionApp = Pick<AppRoute, "appId" | "endedSessions">;

/** The session a token stands for, or `null` when it is forged, expired, damaged, ended or another app's. */
async function verify(ctx: Context, { appId, endedSessions }: SessionApp, token: string): Promise<Payload | null> {
  const payload = await openToken(ctx.env, "session", token, payloadSchema);
  if (payload === null || payload.app !== appId || payload.exp <= ctx.clock.now()) return null;
  return endedSessions.includes(payload.id) ? null : payload;
}

/** The token a request carries: the header is deliberate and goes before the cookie. */
function sessionToken(headers: Headers): string | null {
  return headers.get(SESSION_HEADER)?.trim() ?? readCookie(headers, SESSION_COOKIE);
}

/** The visitor that a seed stands for in an app: always the same one, and known to nobody who does not have the seed. */
async function seededVisitor(ctx: Context, appId: string, seed: string): Promise<string> {
  const mac = await hmacOf(ctx.env, `visitor by seed\n${appId}\n${seed}`);
  const bytes = (length: number) => new Uint8Array(mac, 0, length);
  return newId("visitor", { now: () => 0 }, { bytes, float: () => 0 });
}

async function newVisitor(ctx: Context, { appId, endedSessions }: SessionApp, seed: string | undefined): Promise<string> {
  const seeded = seed === undefined ? null : await seededVisitor(ctx, appId, seed);
  return seeded === null || endedSessions.includes(seeded) ? ctx.newId("visitor") : seeded;
}

/**
 * The visitor's session for an app. A token that does not hold silently becomes a new anonymous session: one of chance, or
 * the one that `seed` stands for.
 */
export async function openSession(ctx: Context, app: SessionApp, headers: Headers, seed?: string): Promise<VisitorSession> {
  const now = ctx.clock.now();
  const token = sessionToken(headers);
  const known = token === null ? null : await verify(ctx, app, token);
  const was = { humanAt: known?.human ?? null, returning: known !== null };
  if (known !== null && token !== null && now - known.iat < RENEW_AFTER_MS) return { id: known.id, token, fresh: false, ...was };
  return issue(ctx, app.appId, { id: known?.id ?? (await newVisitor(ctx, app, seed)), ...was });
}

/** A session with a new token. */
async function issue(ctx: Context, appId: string, session: Pick<VisitorSession, "id" | "humanAt" | "returning">): Promise<VisitorSession> {
  const { id, humanAt } = session;
  const now = ctx.clock.now();
  const human = humanAt === null ? {} : { human: humanAt };
  const payload: Payload = { id, app: appId, iat: now, exp: now + LIFE_MS, ...human };
  return { ...session, token: await signToken(ctx.env, "session", payload), fresh: true };
}

/** The session of a visitor who has just been found to be human. */
export function humanSession(ctx: Context, appId: string, { id, returning }: VisitorSession): Promise<VisitorSession> {
  return issue(ctx, appId, { id, returning, humanAt: ctx.clock.now() });
}

/** The id of the session that a request brings, or `null` when it brings none that holds. */
export async function knownSession(ctx: Context, app: SessionApp, headers: Headers): Promise<string | null> {
  const token = sessionToken(headers);
  const known = token === null ? null : await verify(ctx, app, token);
  return known?.id ?? null;
}

/** The `Set-Cookie` line that keeps a session in the browser, for the app's own addresses only. */
export function sessionCookie(session: VisitorSession, setting: CookieSetting): string {
  return cookieLine(SESSION_COOKIE, session.token, LIFE_MS / 1000, setting);
}

/** Takes the cookie of {@link sessionCookie} away, so that whoever uses the browser next is somebody else. */
export function endSession(setting: CookieSetting): string {
  return cookieLine(SESSION_COOKIE, "", 0, setting);
}
