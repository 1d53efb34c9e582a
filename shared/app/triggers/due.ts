import { and, eq, isNotNull, lte, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import { deliveries, triggers } from "#platform/schema";
import { scheduleConfigSchema } from "./config.ts";
import { nextFiring } from "./schedule.ts";
import type { TriggerRow } from "./triggers.ts";

/** Schedules looked at in one go. */
const BATCH = 200;
/** Milliseconds after which a firing counts as missed: ticks come every minute. */
const MISSED_AFTER = 150_000;

/** The trigger that a webhook's address names, if it is switched on. */
export async function findWebhook(ctx: Context, token: string): Promise<TriggerRow | null> {
  if (!/^[\w-]{32}$/.test(token)) return null;
  const [row] = await ctx.db
    .select()
    .from(triggers)
    .where(and(eq(triggers.token, token), eq(triggers.enabled, true)));
  return row ?? null;
}

/** A trigger as its firing needs it, whatever has become of it since. */
export async function readFiringTrigger(ctx: Context, workspaceId: string, triggerId: string): Promise<TriggerRow | null> {
  const [row] = await ctx.db
    .select()
    .from(triggers)
    .where(and(eq(triggers.workspaceId, workspaceId), eq(triggers.id, triggerId)));
  return row ?? null;
}

/**
 * Turns schedules that are due into deliveries, and sets each to its next time. Any number of Workers may do it at once: a
 * firing has one id, and a schedule is moved on only from the time that was read.
 */
export async function fireSchedules(ctx: Context): Promise<void> {
  const now = new Date(ctx.clock.now());
  const due = await ctx.db
    .select()
    .from(triggers)
    .where(and(eq(triggers.enabled, true), isNotNull(triggers.nextFireAt), lte(triggers.nextFireAt, now)))
    .orderBy(triggers.nextFireAt)
    .limit(BATCH);
  await Promise.all(due.map((row) => fire(ctx, row, now)));
  if (due.length === BATCH) await fireSchedules(ctx);
}

async function fire(ctx: Context, row: TriggerRow, now: Date): Promise<void> {
  const dueAt = row.nextFireAt;
  const parsed = scheduleConfigSchema.safeParse(row.config);
  if (dueAt === null || !parsed.success) return;
  const missed = now.getTime() - dueAt.getTime() > MISSED_AFTER;
  const moved = ctx.db
    .update(triggers)
    .set({ nextFireAt: nextFiring(parsed.data, now), ...(missed && parsed.data.missed === "skip" ? {} : { lastFiredAt: now }) })
    .where(and(eq(triggers.id, row.id), sql`${triggers.nextFireAt} = ${dueAt.toISOString()}`));
  if (missed && parsed.data.missed === "skip") {
    await moved;
    return;
  }
  const delivery: typeof deliveries.$inferInsert = {
    id: `${row.id}:${dueAt.toISOString()}`,
    workspaceId: row.workspaceId,
    appId: row.appId,
    kind: "schedule",
    triggerId: row.id,
    payload: { due_at: dueAt.toISOString() },
    dueAt: now,
  };
  await ctx.db.batch([ctx.db.insert(deliveries).values(delivery).onConflictDoNothing(), moved]);
}
