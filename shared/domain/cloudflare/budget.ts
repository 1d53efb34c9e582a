import { eq, sql } from "drizzle-orm";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { apiBudgets } from "#platform/schema";

/*
 * Cloudflare takes 1,200 requests in five minutes from one token
 * (https://developers.cloudflare.com/fundamentals/api/reference/limits/), whatever asks with it. One bucket for all isolates keeps
 * below: 300 at once and 2 a second make 900 in any five minutes, and leave the rest to the operator's own tools.
 */
const CAPACITY = 300;
const PER_SECOND = 2;
const NAME = "cloudflare";

const moment = (time: number) => sql`${new Date(time).toISOString()}::timestamptz`;

/** Takes one request out of the budget. @throws `overloaded` when there is none left, or Cloudflare asked to be left alone */
export async function spend(ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  const passed = sql`greatest(0, extract(epoch from (excluded.filled_at - ${apiBudgets.filledAt})))`;
  const tokens = sql`least(${CAPACITY}::float8, ${apiBudgets.tokens} + ${passed} * ${PER_SECOND}::float8)`;
  const taken = await ctx.db
    .insert(apiBudgets)
    .values({ name: NAME, tokens: CAPACITY - 1, filledAt: new Date(now) })
    .onConflictDoUpdate({
      target: apiBudgets.name,
      set: { tokens: sql`${tokens} - 1`, filledAt: sql`greatest(${apiBudgets.filledAt}, excluded.filled_at)` },
      setWhere: sql`coalesce(${apiBudgets.blockedUntil} <= excluded.filled_at, true) AND ${tokens} >= 1`,
    })
    .returning({ tokens: apiBudgets.tokens });
  if (taken.length === 0) throw await exhausted(ctx, now);
}

async function exhausted(ctx: Context, now: number): Promise<AppError> {
  const [row] = await ctx.db.select({ until: apiBudgets.blockedUntil }).from(apiBudgets).where(eq(apiBudgets.name, NAME));
  const blocked = Math.ceil(((row?.until?.getTime() ?? 0) - now) / 1_000);
  return new AppError("overloaded", "Cloudflare is not asked any more for the moment.", { retryAfter: Math.max(1, blocked) });
}

/** Leaves Cloudflare alone for so many seconds, from all isolates. A shorter wait than one in force changes nothing. */
export async function holdOff(ctx: Context, seconds: number): Promise<void> {
  const until = ctx.clock.now() + seconds * 1_000;
  await ctx.db
    .insert(apiBudgets)
    .values({ name: NAME, tokens: 0, filledAt: new Date(ctx.clock.now()), blockedUntil: new Date(until) })
    .onConflictDoUpdate({
      target: apiBudgets.name,
      set: { blockedUntil: sql`greatest(${apiBudgets.blockedUntil}, ${moment(until)})` },
    });
}
