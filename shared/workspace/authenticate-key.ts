import { and, eq, isNull, lt, or } from "drizzle-orm";
import type { Actor, Context } from "#platform/context";
import { apiKeys } from "#platform/schema";
import { cachedKey, rememberKey } from "./key-cache.ts";
import { hashToken } from "./tokens.ts";

const KEY_PATTERN = /^afk_[A-Za-z0-9_-]{43}$/;
/** `last_used_at` is written at most this often, in milliseconds. */
const USE_INTERVAL = 60_000;

/** Who a key acts for, or `null` when it is not one of ours, was revoked or has expired. */
export async function authenticateApiKey(ctx: Context, key: string): Promise<Actor | null> {
  if (!KEY_PATTERN.test(key)) return null;
  const hash = await hashToken(key);
  const now = ctx.clock.now();
  return cachedKey(hash, now) ?? readKey(ctx, hash, now);
}

async function readKey(ctx: Context, hash: string, now: number): Promise<Actor | null> {
  const [row] = await ctx.db
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.keyHash, hash), isNull(apiKeys.revokedAt)));
  if (!row || (row.expiresAt && row.expiresAt.getTime() <= now)) return null;
  const actor = { type: "api_key", apiKeyId: row.id, workspaceId: row.workspaceId, scopes: row.scopes } as const;
  rememberKey(hash, actor, now, row.expiresAt?.getTime());
  if (!row.lastUsedAt || row.lastUsedAt.getTime() < now - USE_INTERVAL) ctx.waitUntil(recordUse(ctx, row.id, now));
  return actor;
}

async function recordUse(ctx: Context, apiKeyId: string, now: number): Promise<void> {
  const due = or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, new Date(now - USE_INTERVAL)));
  await ctx.db
    .update(apiKeys)
    .set({ lastUsedAt: new Date(now) })
    .where(and(eq(apiKeys.id, apiKeyId), due));
}
