import type { z } from "zod";
import type { Env } from "#platform/env";
import { Lru } from "./lru.ts";

/*
 * What a browser keeps for us and brings back: a payload that anybody could read and nobody can make or change. Signed with
 * the newest of the session keys (HMAC-SHA-256), and known by any of them.
 */

type KeyEnv = Pick<Env, "SESSION_KEYS">;

/** What a token is for. It is signed along, so that a token of one kind never passes as another's. */
export type TokenKind = "session" | "sign-in" | "password" | "hand-off";

/** Real tokens are far shorter; longer ones are not worth decoding. */
const TOKEN_LIMIT = 4_096;

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

const URL_LETTERS: Readonly<Record<string, string>> = { "+": "-", "/": "_" };

export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (letter) => URL_LETTERS[letter] ?? "");
}

/** HMAC-SHA-256 of a text with the newest session key. */
export async function hmacOf(env: KeyEnv, text: string): Promise<ArrayBuffer> {
  const [newest] = await sessionKeys(env.SESSION_KEYS);
  if (newest === undefined) throw new Error("SESSION_KEYS holds no key");
  return crypto.subtle.sign("HMAC", newest, encoder.encode(text));
}

/** The payload as a token: `<base64url of its JSON>.<base64url of the signature>`. */
export async function signToken(env: KeyEnv, kind: TokenKind, payload: object): Promise<string> {
  const body = toBase64Url(encoder.encode(JSON.stringify(payload)));
  return `${body}.${toBase64Url(new Uint8Array(await hmacOf(env, `${kind}\n${body}`)))}`;
}

function parseBody(body: string): unknown {
  try {
    return JSON.parse(decoder.decode(fromBase64(body)));
  } catch {
    // Not base64, UTF-8 or JSON: whatever it is, it is not a token of ours.
    return null;
  }
}

async function isSigned(env: KeyEnv, text: string, signature: string): Promise<boolean> {
  const mac = fromBase64(signature);
  // Two bits of the last letter say nothing: of the texts for one signature, only the one that we write is ours (RFC 4648, section 3.5).
  if (toBase64Url(mac) !== signature) return false;
  const signed = encoder.encode(text);
  for (const key of await sessionKeys(env.SESSION_KEYS)) {
    if (await crypto.subtle.verify("HMAC", key, mac, signed)) return true;
  }
  return false;
}

/** What tokens say that were found to be ours, by keys, kind and token: who keeps coming is not verified each time. */
const opened = new Lru<unknown>(2_000, Number.POSITIVE_INFINITY);

/** The payload of a token of this kind, or `null` when it is forged, damaged or of another kind. Whether it has expired is for the caller to see. */
export async function openToken<T>(env: KeyEnv, kind: TokenKind, token: string, schema: z.ZodType<T>): Promise<T | null> {
  const key = `${env.SESSION_KEYS}\n${kind}\n${token}`;
  const payload = opened.get(key, 0) ?? (await verifiedPayload(env, kind, token));
  if (payload === null) return null;
  opened.set(key, payload, 0);
  const parsed = schema.safeParse(payload);
  return parsed.success ? parsed.data : null;
}

async function verifiedPayload(env: KeyEnv, kind: TokenKind, token: string): Promise<unknown> {
  const match = token.length <= TOKEN_LIMIT ? /^([\w-]+)\.([\w-]{43})$/.exec(token) : null;
  const [, body, signature] = match ?? [];
  if (body === undefined || signature === undefined) return null;
  const payload = parseBody(body);
  return payload !== null && (await isSigned(env, `${kind}\n${body}`, signature)) ? payload : null;
}
