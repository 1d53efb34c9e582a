import { and, desc, eq, isNull, lt } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError, notFound, validationFailed } from "#platform/errors";
import { isId } from "#platform/ids";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { apiKeys, auditLogs } from "#platform/schema";
import { findStanding, requireGrantable } from "./authorize.ts";
import { forgetKey } from "./key-cache.ts";
import { isPermission, type Permission } from "./permissions.ts";
import { hashToken, randomToken } from "./tokens.ts";

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  /** The first characters of the key. */
  readonly preview: string;
  readonly scopes: Permission[];
  readonly created_by: string | null;
  readonly last_used_at: string | null;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly created_at: string;
}

/** The key itself is shown here once; only its hash is kept. */
export interface NewApiKey extends ApiKey {
  readonly key: string;
}

type ApiKeyRow = typeof apiKeys.$inferSelect;

function present(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    preview: row.preview,
    scopes: row.scopes.filter(isPermission),
    created_by: row.createdBy,
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
    expires_at: row.expiresAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
  };
}

/** The workspace's keys, newest first, with those that were revoked. */
export async function listApiKeys(ctx: Context, workspaceId: string, page: PageRequest): Promise<Page<ApiKey>> {
  const after = readCursor(page.cursor);
  const rows = await ctx.db
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.workspaceId, workspaceId), after === undefined ? undefined : lt(apiKeys.id, after)))
    .orderBy(desc(apiKeys.id))
    .limit(page.limit + 1);
  return toPage(rows, page.limit, present);
}

export interface ApiKeyInput {
  readonly name: string;
  readonly scopes: readonly Permission[];
  /** RFC 3339; without it the key lives until it is revoked. */
  readonly expiresAt?: string | undefined;
}

export async function createApiKey(ctx: Context, workspaceId: string, input: ApiKeyInput): Promise<NewApiKey> {
  requireGrantable(await findStanding(ctx, workspaceId), input.scopes);
  const expiresAt = input.expiresAt === undefined ? null : new Date(input.expiresAt);
  if (expiresAt && expiresAt.getTime() <= ctx.clock.now())
    throw validationFailed([{ path: "expires_at", code: "in_the_past", message: "Use a time in the future." }]);
  const { row, key } = await mint(ctx, workspaceId, { name: input.name, scopes: [...new Set(input.scopes)], expiresAt });
  const audit = auditRow(ctx, {
    workspaceId,
    action: "api_key.created",
    targetType: "api_key",
    targetId: row.id,
    after: { name: row.name, scopes: row.scopes },
  });
  await ctx.db.batch([ctx.db.insert(apiKeys).values(row), ctx.db.insert(auditLogs).values(audit)]);
  return { ...present(row), key };
}

async function mint(
  ctx: Context,
  workspaceId: string,
  { name, scopes, expiresAt }: Pick<ApiKeyRow, "name" | "scopes" | "expiresAt">,
): Promise<{ row: ApiKeyRow; key: string }> {
  const text = `afk_${randomToken(ctx.random)}`;
  const row: ApiKeyRow = {
    id: ctx.newId("apiKey"),
    workspaceId,
    name,
    scopes,
    expiresAt,
    preview: text.slice(0, 10),
    keyHash: await hashToken(text),
    createdBy: ctx.actor.type === "user" ? ctx.actor.userId : null,
    lastUsedAt: null,
    revokedAt: null,
    createdAt: new Date(ctx.clock.now()),
  };
  return { row, key: text };
}

const liveKey = (workspaceId: string, apiKeyId: string) =>
  and(eq(apiKeys.workspaceId, workspaceId), eq(apiKeys.id, apiKeyId), isNull(apiKeys.revokedAt));

async function findKey(ctx: Context, workspaceId: string, apiKeyId: string): Promise<ApiKeyRow> {
  const [row] = isId("apiKey", apiKeyId)
    ? await ctx.db
        .select()
        .from(apiKeys)
        .where(and(eq(apiKeys.workspaceId, workspaceId), eq(apiKeys.id, apiKeyId)))
    : [];
  if (!row) throw notFound("The API key");
  return row;
}

/** Replaces a key by a new one with the same name, scopes and expiry; the old one stops working at once. */
export async function rotateApiKey(ctx: Context, workspaceId: string, apiKeyId: string): Promise<NewApiKey> {
  const [old, standing] = await Promise.all([findKey(ctx, workspaceId, apiKeyId), findStanding(ctx, workspaceId)]);
  requireGrantable(standing, old.scopes.filter(isPermission));
  const { row, key } = await mint(ctx, workspaceId, old);
  const audit = auditRow(ctx, {
    workspaceId,
    action: "api_key.rotated",
    targetType: "api_key",
    targetId: apiKeyId,
    after: { replaced_by: row.id },
  });
  await ctx.transaction(async (tx) => {
    const revoked = await tx
      .update(apiKeys)
      .set({ revokedAt: row.createdAt })
      .where(liveKey(workspaceId, apiKeyId))
      .returning({ id: apiKeys.id });
    if (revoked.length === 0) throw new AppError("invalid_state", "This key has been revoked.");
    await tx.insert(apiKeys).values(row);
    await tx.insert(auditLogs).values(audit);
  });
  forgetKey(apiKeyId);
  return { ...present(row), key };
}

/** Ends a key. Revoking it again changes nothing. */
export async function revokeApiKey(ctx: Context, workspaceId: string, apiKeyId: string): Promise<void> {
  const key = await findKey(ctx, workspaceId, apiKeyId);
  if (key.revokedAt) return;
  const audit = auditRow(ctx, {
    workspaceId,
    action: "api_key.revoked",
    targetType: "api_key",
    targetId: apiKeyId,
    before: { name: key.name, scopes: key.scopes },
  });
  await ctx.db.batch([
    ctx.db
      .update(apiKeys)
      .set({ revokedAt: new Date(ctx.clock.now()) })
      .where(liveKey(workspaceId, apiKeyId)),
    ctx.db.insert(auditLogs).values(audit),
  ]);
  forgetKey(apiKeyId);
}
