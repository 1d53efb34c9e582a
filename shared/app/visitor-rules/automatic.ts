import { and, eq, lt, ne } from "drizzle-orm";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { runtimeEvents, visitorRules } from "#platform/schema";
import { lockWorkspace } from "#workspace";
import { announceEpochs, currentEpochs, raiseEpochs } from "./epochs.ts";
import { unexpired } from "./in-force.ts";
import type { StoredMatch } from "./match.ts";

type RuleRow = typeof visitorRules.$inferSelect;

/** Automatic rules that an app may have in force: an attack from everywhere is no matter of single networks. */
const MAX_AUTOMATIC = 500;
/** Milliseconds for which a rule that has ended is kept. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/** A rule that the watch over an app's traffic makes. */
export interface AutomaticRule {
  readonly source: Exclude<RuleRow["source"], "member">;
  readonly kind: RuleRow["kind"];
  readonly match: StoredMatch;
  readonly lastsMs: number;
  /** What was found, for the runtime event. */
  readonly found: Readonly<Record<string, unknown>>;
}

/**
 * Puts rules in force for a while, each with one runtime event; what is in force already stays as it is. They hold everywhere
 * within 5 s of this. @throws `upstream_unavailable`: then finding the same again announces them again
 */
export async function enforceForAWhile(ctx: Context, workspaceId: string, appId: string, rules: readonly AutomaticRule[]): Promise<void> {
  if (rules.length === 0) return;
  const raised = await ctx.transaction(async (tx) => {
    await lockWorkspace(tx, workspaceId);
    const fresh = await notInForce(ctx, tx, workspaceId, appId, rules);
    for (const rule of fresh) await activate(ctx, tx, workspaceId, appId, rule);
    return fresh.length === 0 ? null : raiseEpochs(tx, workspaceId, appId);
  });
  await announceEpochs(ctx, raised ?? (await currentEpochs(ctx, workspaceId, appId)));
}

function nameOf(source: RuleRow["source"], { type, value }: StoredMatch): string {
  return `${source} ${type} ${value}`;
}

/** Those of the rules that are not in force yet, as many as the app may still have. */
async function notInForce(
  ctx: Context,
  tx: Transaction,
  workspaceId: string,
  appId: string,
  rules: readonly AutomaticRule[],
): Promise<AutomaticRule[]> {
  const known = await tx
    .select({ source: visitorRules.source, type: visitorRules.matchType, value: visitorRules.matchValue })
    .from(visitorRules)
    .where(
      and(
        eq(visitorRules.workspaceId, workspaceId),
        eq(visitorRules.appId, appId),
        ne(visitorRules.source, "member"),
        unexpired(new Date(ctx.clock.now())),
      ),
    );
  const names = new Set(known.map((row) => nameOf(row.source, row)));
  const fresh = rules.filter(({ source, match }) => !names.has(nameOf(source, match)));
  const room = MAX_AUTOMATIC - known.length;
  if (fresh.length > room) ctx.log.warn("an app has as many automatic rules as it may", { app_id: appId });
  return fresh.slice(0, Math.max(0, room));
}

async function activate(ctx: Context, tx: Transaction, workspaceId: string, appId: string, rule: AutomaticRule): Promise<void> {
  const { source, kind, match, lastsMs, found } = rule;
  const now = new Date(ctx.clock.now());
  const expiresAt = new Date(now.getTime() + lastsMs);
  const values = { kind, expiresAt, createdAt: now, updatedAt: now };
  const [row] = await tx
    .insert(visitorRules)
    .values({ id: ctx.newId("visitorRule"), workspaceId, appId, source, matchType: match.type, matchValue: match.value, ...values })
    // One that has ended and is still kept.
    .onConflictDoUpdate({
      target: [visitorRules.workspaceId, visitorRules.appId, visitorRules.source, visitorRules.matchType, visitorRules.matchValue],
      set: values,
    })
    .returning({ id: visitorRules.id });
  if (!row) throw new Error("a rule that was written has no id");
  await tx.insert(runtimeEvents).values({
    id: `${row.id}:${expiresAt.getTime()}`,
    workspaceId,
    appId,
    type: `anomaly.${source}`,
    payload: { ...found, rule_id: row.id, effect: kind, until: expiresAt.toISOString() },
    occurredAt: now,
  });
}

/** Deletes rules that ended a day ago. */
export async function forgetVisitorRules(ctx: Context): Promise<void> {
  await ctx.db.delete(visitorRules).where(lt(visitorRules.expiresAt, new Date(ctx.clock.now() - KEPT_MS)));
}
