import { z } from "zod";
import type { Context } from "#platform/context";
import { isId, newId } from "#platform/ids";

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
/** A real token is about 250 characters; longer ones are not worth decoding. */
const TOKEN_LIMIT = 512;

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
}

/** The imported keys, newest first, and the text they came from; that changes only with a deployment. */
let imported: { readonly text: string; readonly keys: readonly CryptoKey[] } | undefined;

async function sessionKeys(text: string): Promise<readonly CryptoKey[]> {
  if (imported?.text === text) return imported.keys;
  const entries = text.split(",").map((entry) => entry.trim());
  const keys = await Promise.all(
    entries
      .filter((entry) => entry !== "")
      .map((entry) => {
        const secret = fromBase64(entry.slice(entry.indexOf(":") + 1));
        return crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
      }),
  );
  imported = { text, keys };
  return keys;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

async function sign(env: Context["env"], payload: Payload): Promise<string> {
  const [newest] = await sessionKeys(env.SESSION_KEYS);
  if (newest === undefined) throw new Error("SESSION_KEYS holds no key");
  const body = toBase64Url(encoder.encode(JSON.stringify(payload)));
  const mac = await crypto.subtle.sign("HMAC", newest, encoder.encode(body));
  return `${body}.${toBase64Url(new Uint8Array(mac))}`;
}

function parsePayload(body: string): Payload | null {
  try {
    const parsed = payloadSchema.safeParse(JSON.parse(decoder.decode(fromBase64(body))));
    return parsed.success ? parsed.data : null;
  } catch {
    // Not base64, UTF-8 or JSON: whatever it is, it is not a token of ours.
    return null;
  }
}

async function isSigned(env: Context["env"], body: string, signature: string): Promise<boolean> {
  const keys = await sessionKeys(env.SESSION_KEYS);
  const mac = fromBase64(signature);
  const signed = encoder.encode(body);
  for (const key of keys) {
    if (await crypto.subtle.verify("HMAC", key, mac, signed)) return true;
  }
  return false;
}

/** The session a token stands for, or `null` when it is forged, expired, damaged or another app's. */
async function verify(ctx: Context, appId: string, token: string): Promise<Payload | null> {
  const match = token.length <= TOKEN_LIMIT ? /^([\w-]+)\.([\w-]{43})$/.exec(token) : null;
  const [, body, signature] = match ?? [];
  if (body === undefined || signature === undefined) return null;
  const payload = parsePayload(body);
  if (payload === null || payload.app !== appId || payload.exp <= ctx.clock.now()) return null;
  return (await isSigned(ctx.env, body, signature)) ? payload : null;
}

/** The token a request carries: the header is deliberate and goes before the cookie. */
function sessionToken(headers: Headers): string | null {
  const header = headers.get(SESSION_HEADER);
  if (header !== null) return header.trim();
  for (const pair of (headers.get("Cookie") ?? "").split(";")) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === SESSION_COOKIE && value !== undefined) return value;
  }
  return null;
}

/** The visitor that a seed stands for in an app: always the same one, and known to nobody who does not have the seed. */
async function seededVisitor(ctx: Context, appId: string, seed: string): Promise<string> {
  const [newest] = await sessionKeys(ctx.env.SESSION_KEYS);
  if (newest === undefined) throw new Error("SESSION_KEYS holds no key");
  const mac = await crypto.subtle.sign("HMAC", newest, encoder.encode(`visitor by seed\n${appId}\n${seed}`));
  const bytes = (length: number) => new Uint8Array(mac, 0, length);
  return newId("visitor", { now: () => 0 }, { bytes, float: () => 0 });
}

/**
 * The visitor's session for an app. A token that does not hold silently becomes a new anonymous session: one of chance, or
 * the one that `seed` stands for.
 */
export async function openSession(ctx: Context, appId: string, headers: Headers, seed?: string): Promise<VisitorSession> {
  const now = ctx.clock.now();
  const token = sessionToken(headers);
  const known = token === null ? null : await verify(ctx, appId, token);
  const humanAt = known?.human ?? null;
  if (known !== null && token !== null && now - known.iat < RENEW_AFTER_MS) return { id: known.id, token, fresh: false, humanAt };
  const id = known?.id ?? (seed === undefined ? ctx.newId("visitor") : await seededVisitor(ctx, appId, seed));
  return issue(ctx, appId, id, humanAt);
}

/** A session with a new token. */
async function issue(ctx: Context, appId: string, id: string, humanAt: number | null): Promise<VisitorSession> {
  const now = ctx.clock.now();
  const human = humanAt === null ? {} : { human: humanAt };
  return { id, token: await sign(ctx.env, { id, app: appId, iat: now, exp: now + LIFE_MS, ...human }), fresh: true, humanAt };
}

/** The session of a visitor who has just been found to be human. */
export function humanSession(ctx: Context, appId: string, { id }: VisitorSession): Promise<VisitorSession> {
  return issue(ctx, appId, id, ctx.clock.now());
}

/** The id of the session that a request brings, or `null` when it brings none that holds. */
export async function knownSession(ctx: Context, appId: string, headers: Headers): Promise<string | null> {
  const token = sessionToken(headers);
  const known = token === null ? null : await verify(ctx, appId, token);
  return known?.id ?? null;
}

/** The `Set-Cookie` line that keeps a session in the browser, for the app's own addresses only. */
export function sessionCookie(session: VisitorSession, options: { base: string; secure: boolean }): string {
  const secure = options.secure ? "; Secure" : "";
  return `${SESSION_COOKIE}=${session.token}; Path=${options.base || "/"}; Max-Age=${LIFE_MS / 1000}; HttpOnly; SameSite=Lax${secure}`;
}
