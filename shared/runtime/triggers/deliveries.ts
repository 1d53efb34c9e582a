import { and, eq, inArray, lte, sql } from "drizzle-orm";
import { z } from "zod";
import { appTriggerConfigSchema, fillInputs, readFiringTrigger, scheduleConfigSchema } from "#app";
import type { Context } from "#platform/context";
import { AppError, type ErrorCode, errorCode, errorMessage } from "#platform/errors";
import { fullJitter } from "#platform/retry";
import { deliveries, deliveryAttempts, triggers } from "#platform/schema";
import { sendCallback } from "./callback.ts";
import { startTriggered } from "./start.ts";

export type DeliveryRow = typeof deliveries.$inferSelect;

/** Rows offered in one go; a queue takes 100 messages at once. */
const OFFERED = 100;
/** Milliseconds after which a row that was offered, and is still due, is offered again. */
const OFFER_AGAIN = 60_000;
/** Attempts at starting a run. */
const START_ATTEMPTS = 8;
const START_BACKOFF = { base: 2_000, cap: 600_000 };
/** Milliseconds before each further attempt at a callback. */
const CALLBACK_WAITS = [5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000, 86_400_000];

/** Codes of failures that another attempt will not mend. */
const PERMANENT: ReadonlySet<ErrorCode> = new Set(["not_found", "not_available", "validation_failed", "not_implemented"]);

/** Puts everything that is due on the `executions` queue. What does not get through is due again a minute later. */
export async function offerDeliveries(ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  const rows = await ctx.db
    .update(deliveries)
    .set({ dueAt: new Date(now + OFFER_AGAIN) })
    .where(
      inArray(
        deliveries.id,
        ctx.db
          .select({ id: deliveries.id })
          .from(deliveries)
          .where(and(eq(deliveries.status, "due"), lte(deliveries.dueAt, new Date(now))))
          .orderBy(deliveries.dueAt)
          .limit(OFFERED)
          .for("update", { skipLocked: true }),
      ),
    )
    .returning({ id: deliveries.id });
  if (rows.length === 0) return;
  await ctx.env.EXECUTIONS.sendBatch(rows.map(({ id }) => ({ body: { type: "delivery" as const, id } })));
  if (rows.length === OFFERED) await offerDeliveries(ctx);
}

/** What came of one attempt. */
export type Attempted =
  | { readonly ok: true; readonly status?: number }
  | { readonly ok: false; readonly permanent: boolean; readonly error: string; readonly status?: number; readonly retryAfterMs?: number };

/** Does what a row says is owed, once. Repeating it is harmless; a failure is the row's, and is thrown only when it cannot be written. */
export async function deliver(ctx: Context, id: string): Promise<void> {
  const [row] = await ctx.db.select().from(deliveries).where(eq(deliveries.id, id));
  if (row?.status !== "due") return;
  const begun = ctx.clock.now();
  const attempted = row.kind === "callback" ? await sendCallback(ctx, row) : await startOwed(ctx, row);
  await record(ctx, row, attempted, begun);
}

async function startOwed(ctx: Context, row: DeliveryRow): Promise<Attempted> {
  try {
    await start(ctx, row);
    return { ok: true };
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) ctx.log.error("a trigger could not be fired", error, { delivery_id: row.id });
    const shown = code === undefined ? "The run could not be started." : errorMessage(error);
    return { ok: false, permanent: code !== undefined && PERMANENT.has(code), error: shown };
  }
}

const endedSchema = z.object({
  run_id: z.string(),
  status: z.string(),
  outputs: z.record(z.string(), z.unknown()).nullable(),
  depth: z.number().int(),
});

async function start(ctx: Context, row: DeliveryRow): Promise<void> {
  const trigger = row.triggerId === null ? null : await readFiringTrigger(ctx, row.workspaceId, row.triggerId);
  if (trigger === null) throw new AppError("not_found", "The trigger has been deleted.");
  const common = { trigger, key: row.id, place: "local" };
  if (row.kind === "schedule") {
    const { inputs } = scheduleConfigSchema.parse(trigger.config);
    await startTriggered(ctx, { ...common, inputs: fillInputs(inputs, { schedule: row.payload }) });
    return;
  }
  const ended = endedSchema.parse(row.payload);
  const { inputs } = appTriggerConfigSchema.parse(trigger.config);
  const sources = { outputs: ended.outputs ?? {}, run: { id: ended.run_id, status: ended.status } };
  const given = inputs ? fillInputs(inputs, sources) : (ended.outputs ?? {});
  await startTriggered(ctx, { ...common, inputs: given, parentId: ended.run_id });
}

async function record(ctx: Context, row: DeliveryRow, attempted: Attempted, begun: number): Promise<void> {
  const now = ctx.clock.now();
  const attempts = row.attempts + 1;
  const next = attempted.ok ? null : nextAttempt(ctx, row, attempted, attempts);
  const status = attempted.ok ? ("done" as const) : next === null ? ("dead" as const) : ("due" as const);
  const changed = {
    status,
    attempts,
    error: attempted.ok ? null : attempted.error,
    updatedAt: new Date(now),
    ...(next === null ? {} : { dueAt: new Date(now + next) }),
  };
  // Of two attempts at once, the first to be written counts.
  const same = and(eq(deliveries.id, row.id), eq(deliveries.attempts, row.attempts));
  const attempt = {
    deliveryId: row.id,
    attempt: attempts,
    workspaceId: row.workspaceId,
    status: attempted.status ?? null,
    error: attempted.ok ? null : attempted.error,
    durationMs: Math.max(0, now - begun),
    attemptedAt: new Date(begun),
  };
  const update = ctx.db.update(deliveries).set(changed).where(same);
  const logged = ctx.db.insert(deliveryAttempts).values(attempt).onConflictDoNothing();
  if (!attempted.ok || row.triggerId === null) await ctx.db.batch([update, logged]);
  else
    await ctx.db.batch([
      update,
      logged,
      ctx.db
        .update(triggers)
        .set({ lastFiredAt: new Date(now) })
        .where(eq(triggers.id, row.triggerId)),
    ]);
}

/** Milliseconds until the next attempt; `null` when there is none. */
function nextAttempt(ctx: Context, { kind }: DeliveryRow, failed: Attempted & { readonly ok: false }, attempts: number): number | null {
  if (failed.permanent) return null;
  if (kind === "callback") {
    const wait = CALLBACK_WAITS[attempts - 1];
    if (wait === undefined) return null;
    return Math.max(failed.retryAfterMs ?? 0, wait * (0.8 + 0.4 * ctx.random.float()));
  }
  return attempts >= START_ATTEMPTS ? null : fullJitter(attempts, START_BACKOFF, ctx.random);
}

/** Puts dead deliveries on their way again. */
export async function reviveDelivery(ctx: Context, workspaceId: string, id: string): Promise<boolean> {
  const now = new Date(ctx.clock.now());
  const revived = await ctx.db
    .update(deliveries)
    .set({ status: "due", attempts: sql`0`, dueAt: now, error: null, updatedAt: now })
    .where(and(eq(deliveries.workspaceId, workspaceId), eq(deliveries.id, id), eq(deliveries.status, "dead")))
    .returning({ id: deliveries.id });
  if (revived.length === 0) return false;
  await ctx.db.delete(deliveryAttempts).where(eq(deliveryAttempts.deliveryId, id));
  await offerDeliveries(ctx);
  return true;
}
