import type { Env } from "#platform/env";

/** Where a request came from, as keyed hashes: they tell two sources apart and name neither. */
export interface RequestSource {
  readonly ipHash: string | null;
  readonly userAgentHash: string | null;
}

let signer: { readonly secret: string; readonly key: CryptoKey } | undefined;

async function signingKey(secret: string): Promise<CryptoKey> {
  if (signer?.secret !== secret) {
    const bytes = new TextEncoder().encode(secret);
    signer = { secret, key: await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]) };
  }
  return signer.key;
}

/** 16 bytes of HMAC-SHA-256 in hexadecimal; the words in front keep the hashes of different things apart. */
async function keyedHash(secret: string, what: string, value: string | null): Promise<string | null> {
  if (value === null) return null;
  const mac = await crypto.subtle.sign("HMAC", await signingKey(secret), new TextEncoder().encode(`${what}\n${value}`));
  return Array.from(new Uint8Array(mac, 0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The source of a request. The same address, and the same browser, has the same hash for as long as `AUTH_SECRET` stays. */
export async function sourceOf(env: Pick<Env, "AUTH_SECRET">, { headers }: Request): Promise<RequestSource> {
  const [ipHash, userAgentHash] = await Promise.all([
    keyedHash(env.AUTH_SECRET, "audit: address", headers.get("CF-Connecting-IP")),
    keyedHash(env.AUTH_SECRET, "audit: user agent", headers.get("User-Agent")),
  ]);
  return { ipHash, userAgentHash };
}
