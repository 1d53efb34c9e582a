import { and, count, desc, eq, isNull, lt, ne, or, type SQL } from "drizzle-orm";
import { z } from "zod";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { AppError, notFound, validationFailed } from "#platform/errors";
import { isId } from "#platform/ids";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { auditLogs, VISITOR_RULE_KINDS, VISITOR_RULE_SOURCES, visitorRules } from "#platform/schema";
import { lockWorkspace } from "#workspace";
import { actingUser, readApp } from "../app-rows.ts";
import { announceEpochs, currentEpochs, raiseEpochs } from "./epochs.ts";
import { unexpired } from "./in-force.ts";
import { type StoredMatch, shownMatch, storedMatch, visitorMatchSchema } from "./match.ts";

/** Rules that members may have in force in a workspace: all of them travel with each of its routes. */
const MAX_RULES = 1_000;

/** A rule as the API shows it. */
export const visitorRuleSchema = z.object({
  id: z.string(),
  app_id: z.string().nullable(),
  kind: z.enum(VISITOR_RULE_KINDS),
  match: visitorMatchSchema,
  reason: z.string(),
  source: z.enum(VISITOR_RULE_SOURCES),
  expires_at: z.string().nullable(),
  created_by: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export type VisitorRule = z.infer<typeof visitorRuleSchema>;

export const newVisitorRuleSchema = z.strictObject({
  app_id: z.string().nullable().default(null),
  kind: z.enum(VISITOR_RULE_KINDS),
  match: visitorMatchSchema,
  reason: z.string().trim().max(200).default(""),
  expires_at: z.iso.datetime({ offset: true }).nullable().default(null),
});
export type NewVisitorRule = z.infer<typeof newVisitorRuleSchema>;

type RuleRow = typeof visitorRules.$inferSelect;

function present(row: RuleRow): VisitorRule {
  return {
    id: row.id,
    app_id: row.appId,
    kind: row.kind,
    match: shownMatch({ type: row.matchType, value: row.matchValue }),
    reason: row.reason,
    source: row.source,
    expires_at: row.expiresAt?.toISOString() ?? null,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}

/** The rules in force, newest first: of the workspace, or those that concern one app. @throws `not_found` for that app */
export async function listVisitorRules(
  ctx: Context,
  workspaceId: string,
  page: PageRequest,
  filter: { readonly appId?: string | undefined } = {},
): Promise<Page<VisitorRule>> {
  const before = readCursor(page.cursor);
  const { appId } = filter;
  if (appId !== undefined) await readApp(ctx, workspaceId, appId);
  const rows = await ctx.db
    .select()
    .from(visitorRules)
    .where(
      and(
        eq(visitorRules.workspaceId, workspaceId),
        appId === undefined ? undefined : or(isNull(visitorRules.appId), eq(visitorRules.appId, appId)),
        unexpired(new Date(ctx.clock.now())),
        before === undefined ? undefined : lt(visitorRules.id, before),
      ),
    )
    .orderBy(desc(visitorRules.id))
    .limit(page.limit + 1);
  return toPage(rows, page.limit, present);
}

/**
 * Makes a rule, or gives the one with the same match and scope another kind, reason and end. It is in force everywhere
 * within 5 s of this. @throws `not_found` for its app, `validation_failed`, `invalid_state` when there are too many,
 * `upstream_unavailable` (then repeat it)
 */
export async function setVisitorRule(ctx: Context, workspaceId: string, input: NewVisitorRule): Promise<VisitorRule> {
  const appId = input.app_id;
  if (appId !== null) await readApp(ctx, workspaceId, appId);
  const match = storedMatch(input.match);
  const row = newRow(ctx, workspaceId, input, match);
  const { rule, concerned } = await ctx.transaction(async (tx) => {
    await lockWorkspace(tx, workspaceId);
    const before = await findSame(tx, workspaceId, appId, match);
    await requireRoom(tx, workspaceId, before?.id, row.createdAt);
    const { kind, reason, expiresAt, updatedAt } = row;
    const [after = row] = before
      ? await tx.update(visitorRules).set({ kind, reason, expiresAt, updatedAt }).where(eq(visitorRules.id, before.id)).returning()
      : await tx.insert(visitorRules).values(row).returning();
    await audit(ctx, tx, "visitor_rule.set", before, after);
    return { rule: after, concerned: await raiseEpochs(tx, workspaceId, appId) };
  });
  await announceEpochs(ctx, concerned);
  return present(rule);
}

function newRow(ctx: Context, workspaceId: string, input: NewVisitorRule, match: StoredMatch): RuleRow {
  const now = new Date(ctx.clock.now());
  const expiresAt = input.expires_at === null ? null : new Date(input.expires_at);
  if (expiresAt !== null && expiresAt <= now)
    throw validationFailed([{ path: "expires_at", code: "in_the_past", message: "Use a time in the future." }]);
  return {
    id: ctx.newId("visitorRule"),
    workspaceId,
    appId: input.app_id,
    source: "member",
    kind: input.kind,
    matchType: match.type,
    matchValue: match.value,
    reason: input.reason,
    expiresAt,
    createdBy: actingUser(ctx),
    createdAt: now,
    updatedAt: now,
  };
}

async function findSame(
  tx: Transaction,
  workspaceId: string,
  appId: string | null,
  { type, value }: StoredMatch,
): Promise<RuleRow | undefined> {
  const scope: SQL = appId === null ? isNull(visitorRules.appId) : eq(visitorRules.appId, appId);
  const same = and(eq(visitorRules.source, "member"), eq(visitorRules.matchType, type), eq(visitorRules.matchValue, value));
  const [row] = await tx
    .select()
    .from(visitorRules)
    .where(and(eq(visitorRules.workspaceId, workspaceId), scope, same));
  return row;
}

async function requireRoom(tx: Transaction, workspaceId: string, replaced: string | undefined, now: Date): Promise<void> {
  const others = and(
    eq(visitorRules.workspaceId, workspaceId),
    eq(visitorRules.source, "member"),
    replaced === undefined ? undefined : ne(visitorRules.id, replaced),
    unexpired(now),
  );
  const [row] = await tx.select({ rules: count() }).from(visitorRules).where(others);
  if ((row?.rules ?? 0) < MAX_RULES) return;
  throw new AppError("invalid_state", `A workspace has at most ${MAX_RULES} rules. Remove some, or use wider ranges.`);
}

/** Ends a rule, everywhere within 5 s. @throws `not_found`, `upstream_unavailable` (then repeat it) */
export async function deleteVisitorRule(ctx: Context, workspaceId: string, ruleId: string): Promise<void> {
  if (!isId("visitorRule", ruleId)) throw notFound("The rule");
  const named = and(eq(visitorRules.workspaceId, workspaceId), eq(visitorRules.id, ruleId));
  const concerned = await ctx.transaction(async (tx) => {
    const [gone] = await tx.delete(visitorRules).where(named).returning();
    if (!gone) return null;
    await audit(ctx, tx, "visitor_rule.deleted", gone, undefined);
    return raiseEpochs(tx, workspaceId, gone.appId);
  });
  // It may be gone by a request that was answered with 503.
  await announceEpochs(ctx, concerned ?? (await currentEpochs(ctx, workspaceId, null)));
  if (concerned === null) throw notFound("The rule");
}

function audit(ctx: Context, tx: Transaction, action: string, before: RuleRow | undefined, after: RuleRow | undefined) {
  const row = after ?? before;
  if (!row) throw new Error("an audit entry needs a rule");
  return tx.insert(auditLogs).values(
    auditRow(ctx, {
      workspaceId: row.workspaceId,
      action,
      targetType: "visitor_rule",
      targetId: row.id,
      before: before && partsOf(before),
      after: after && partsOf(after),
    }),
  );
}

function partsOf(row: RuleRow) {
  const { app_id, kind, match, reason, expires_at } = present(row);
  return { app_id, kind, match, reason, expires_at };
}
