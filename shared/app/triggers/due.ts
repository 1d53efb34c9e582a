import { and, eq, lte, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import { apps, deliveries, triggers } from "#platform/schema";
import { scheduleConfigSchema } from "./config.ts";
import { nextFiring } from "./schedule.ts";
import type { TriggerRow } from "./triggers.ts";

/** Schedules looked at in one go. */
const BATCH = 200;
/** Milliseconds after which a firing counts as missed: ticks come every minute. */
const MISSED_AFTER = 150_000;

/** The trigger that a webhook's address names, also one that is switched off. */
export async function findWebhook(ctx: Context, token: string): Promise<TriggerRow | null> {
  if (!/^[\w-]{32}$/.test(token)) return null;
  const [row] = await ctx.db.select().from(triggers).where(eq(triggers.token, token));
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

/** Notes that a trigger has started its app. */
export async function noteFired(ctx: Context, { workspaceId, id }: TriggerRow): Promise<void> {
  await ctx.db
    .update(triggers)
    .set({ lastFiredAt: new Date(ctx.clock.now()) })
    .where(and(eq(triggers.workspaceId, workspaceId), eq(triggers.id, id)));
}

/** A schedule whose time has come. */
interface Due {
  readonly row: TriggerRow;
  readonly dueAt: Date;
  /** Whether its app is published: one that is not starts nothing. */
  readonly serves: boolean;
}

/** What becomes of a schedule: `null` when it is never due again. */
interface Step {
  readonly row: TriggerRow;
  readonly dueAt: Date;
  readonly next: Date | null;
  readonly fires: boolean;
}

/**
 * Turns schedules that are due into deliveries, and sets each to its next time. Any number of Workers may do it at once: a
 * firing has one id, and a schedule is moved on only from the time that was read.
 */
export async function fireSchedules(ctx: Context): Promise<void> {
  const now = new Date(ctx.clock.now());
  for (;;) {
    const due = await readDue(ctx, now);
    const steps = due.map((one) => stepOf(one, now));
    if (steps.length > 0) await take(ctx, steps, now);
    if (due.length < BATCH) return;
  }
}

async function readDue(ctx: Context, now: Date): Promise<Due[]> {
  const rows = await ctx.db
    .select({ row: triggers, dueAt: triggers.nextFireAt, status: apps.status })
    .from(triggers)
    .innerJoin(apps, eq(apps.id, triggers.appId))
    .where(and(eq(triggers.enabled, true), lte(triggers.nextFireAt, now)))
    .orderBy(triggers.nextFireAt)
    .limit(BATCH);
  return rows.flatMap(({ row, dueAt, status }) => (dueAt === null ? [] : [{ row, dueAt, serves: status === "published" }]));
}

function stepOf({ row, dueAt, serves }: Due, now: Date): Step {
  const schedule = scheduleConfigSchema.safeParse(row.config).data;
  // Left as it is, it would come up at every tick and keep others from theirs.
  if (schedule === undefined) return { row, dueAt, next: null, fires: false };
  const missed = now.getTime() - dueAt.getTime() > MISSED_AFTER;
  return { row, dueAt, next: nextFiring(schedule, now), fires: serves && !(missed && schedule.missed === "skip") };
}

async function take(ctx: Context, steps: readonly Step[], now: Date): Promise<void> {
  const firings = steps.filter(({ fires }) => fires).map((step) => deliveryOf(step, now));
  const moves = steps.map(({ row, dueAt, next }) => ({ id: row.id, due: dueAt.toISOString(), next: next?.toISOString() ?? null }));
  const moved = ctx.db.execute(sql`
    UPDATE ${triggers} SET next_fire_at = move.next
    FROM jsonb_to_recordset(${JSON.stringify(moves)}::jsonb) AS move(id text, due timestamptz, next timestamptz)
    WHERE ${triggers.id} = move.id AND ${triggers.nextFireAt} = move.due`);
  if (firings.length === 0) await moved;
  else await ctx.db.batch([ctx.db.insert(deliveries).values(firings).onConflictDoNothing(), moved]);
  const stopped = steps.filter(({ next }) => next === null).map(({ row }) => row.id);
  if (stopped.length > 0) ctx.log.warn("schedules that cannot be read, or never come again, stand still", { trigger_ids: stopped });
}

function deliveryOf({ row, dueAt }: Step, now: Date): typeof deliveries.$inferInsert {
  const due_at = dueAt.toISOString();
  const { id, workspaceId, appId } = row;
  return { id: `${id}:${due_at}`, workspaceId, appId, kind: "schedule", triggerId: id, payload: { due_at }, dueAt: now };
}
