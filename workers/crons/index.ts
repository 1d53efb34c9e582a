import { lt } from "drizzle-orm";
import type { Context } from "#platform/context";
import { idempotencyKeys } from "#platform/schema";

/** The work of every minute. Each task is idempotent, and one that fails does not stop the others. */
export async function runScheduled(ctx: Context): Promise<void> {
  const tasks = [forgetIdempotencyKeys(ctx)];
  for (const outcome of await Promise.allSettled(tasks)) {
    if (outcome.status === "rejected") ctx.log.error("a scheduled task failed", outcome.reason);
  }
}

async function forgetIdempotencyKeys(ctx: Context): Promise<void> {
  await ctx.db.delete(idempotencyKeys).where(lt(idempotencyKeys.expiresAt, new Date(ctx.clock.now())));
}
