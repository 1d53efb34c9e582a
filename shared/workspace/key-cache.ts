import type { Actor } from "#platform/context";

/** How long an isolate may trust what it read of a key, in milliseconds: a revocation takes effect everywhere within this time. */
const LIFETIME = 5_000;
const CAPACITY = 1_000;

interface Entry {
  readonly actor: Actor & { readonly type: "api_key" };
  readonly until: number;
}

/** Keys that were valid a moment ago, by their hash. Isolate-wide state: a hash names one key of one deployment. */
const entries = new Map<string, Entry>();

export function cachedKey(hash: string, now: number): Entry["actor"] | undefined {
  const entry = entries.get(hash);
  if (entry && entry.until > now) return entry.actor;
  entries.delete(hash);
  return undefined;
}

/** @param validUntil when the key itself expires, in milliseconds since the epoch */
export function rememberKey(hash: string, actor: Entry["actor"], now: number, validUntil: number | undefined): void {
  // The oldest entry goes first: maps keep the order of insertion.
  const [oldest] = entries.keys();
  if (entries.size >= CAPACITY && oldest !== undefined) entries.delete(oldest);
  entries.set(hash, { actor, until: Math.min(now + LIFETIME, validUntil ?? Number.POSITIVE_INFINITY) });
}

/** Forgets a revoked key at once in this isolate. */
export function forgetKey(apiKeyId: string): void {
  for (const [hash, { actor }] of entries) if (actor.apiKeyId === apiKeyId) entries.delete(hash);
}
