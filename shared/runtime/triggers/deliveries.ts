import { and, eq, inArray, lt, lte, ne, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import type { ExecutionsMessage } from "#platform/env";
import { deadLetters, deliveries, deliveryAttempts } from "#platform/schema";

export type DeliveryRow = typeof deliveries.$inferSelect;

/** Rows offered in one go; a queue takes 100 messages at once. */
const OFFERED = 100;
/** Milliseconds after which a row that was offered, and is still due, is offered again. */
const OFFER_AGAIN = 60_000;
/** Seconds for which a queue can hold a message back. */
const MAX_DELAY = 43_200;
/** Milliseconds for which deliveries and dead letters are kept once nothing is done about them any more. */
const RETENTION = 30 * 24 * 3_600_000;

/** Word of a row's next attempt. A row that has come further meanwhile pays no heed to it. */
function wordOf({ id, attempts }: Pick<DeliveryRow, "id" | "attempts">): ExecutionsMessage {
  return { type: "delivery", id, attempt: attempts };
}

/** Puts everything that is due on the `executions` queue. What does not get through is due again a minute later. */
export async function offerDeliveries(ctx: Context): Promise<void> {
  for (;;) {
    const rows = await takeDue(ctx);
    if (rows.length > 0) await ctx.env.EXECUTIONS.sendBatch(rows.map((row) => ({ body: wordOf(row) })));
    if (rows.length < OFFERED) return;
  }
}

function takeDue(ctx: Context): Promise<Pick<DeliveryRow, "id" | "attempts">[]> {
  const now = ctx.clock.now();
  const due = ctx.db
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(and(eq(deliveries.status, "due"), lte(deliveries.dueAt, new Date(now))))
    .orderBy(deliveries.dueAt)
    .limit(OFFERED)
    .for("update", { skipLocked: true });
  return ctx.db
    .update(deliveries)
    .set({ dueAt: new Date(now + OFFER_AGAIN) })
    .where(inArray(deliveries.id, due))
    .returning({ id: deliveries.id, attempts: deliveries.attempts });
}

/** Has a row tried again in some milliseconds, sooner than the next tick would. Where this fails, the tick makes up for it. */
export async function offerLater(ctx: Context, row: Pick<DeliveryRow, "id" | "attempts">, milliseconds: number): Promise<void> {
  const delaySeconds = Math.ceil(milliseconds / 1_000);
  if (delaySeconds > MAX_DELAY) return;
  try {
    await ctx.env.EXECUTIONS.send(wordOf(row), { delaySeconds });
  } catch (error) {
    ctx.log.error("the executions queue refused word of a delivery; it is offered by the next tick", error, { delivery_id: row.id });
  }
}

/** Puts a dead delivery on its way again, with all attempts before it. Gives `false` when the workspace has none of this id. */
export async function reviveDelivery(ctx: Context, workspaceId: string, id: string): Promise<boolean> {
  const now = new Date(ctx.clock.now());
  const dead = and(eq(deliveries.workspaceId, workspaceId), eq(deliveries.id, id), eq(deliveries.status, "dead"));
  const [, revived] = await ctx.db.batch([
    ctx.db
      .delete(deliveryAttempts)
      .where(inArray(deliveryAttempts.deliveryId, ctx.db.select({ id: deliveries.id }).from(deliveries).where(dead))),
    ctx.db
      .update(deliveries)
      .set({ status: "due", attempts: sql`0`, dueAt: now, error: null, updatedAt: now })
      .where(dead)
      .returning({ id: deliveries.id }),
  ]);
  if (revived.length === 0) return false;
  await offerDeliveries(ctx);
  return true;
}

/** Deletes what was owed and is done, or was given up and left so, long ago. */
export async function forgetDeliveries(ctx: Context): Promise<void> {
  const before = new Date(ctx.clock.now() - RETENTION);
  await ctx.db.batch([
    ctx.db.delete(deliveries).where(and(ne(deliveries.status, "due"), lt(deliveries.updatedAt, before))),
    ctx.db.delete(deliveryAttempts).where(lt(deliveryAttempts.attemptedAt, before)),
    ctx.db.delete(deadLetters).where(lt(deadLetters.createdAt, before)),
  ]);
}
