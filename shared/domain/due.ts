import { and, asc, eq, isNotNull, isNull, lte, ne, type SQL } from "drizzle-orm";
import type { Context } from "#platform/context";
import { errorCode } from "#platform/errors";
import { appDomains } from "#platform/schema";
import { type CheckOutcome, checkDomain } from "./check.ts";
import { cleanUp } from "./removed.ts";

/** Claims that one tick takes up, of each kind, and how many at once: a Worker may have six connections waiting. */
const AT_MOST = 300;
const AT_ONCE = 3;
/** Milliseconds after which a tick begins no more: the next one is near. */
const TIME = 45_000;

/** Claims that are due, the longest due first. */
async function dueOf(ctx: Context, kind: SQL | undefined): Promise<string[]> {
  const rows = await ctx.db
    .select({ id: appDomains.id })
    .from(appDomains)
    .where(and(kind, lte(appDomains.nextCheckAt, new Date(ctx.clock.now()))))
    .orderBy(asc(appDomains.nextCheckAt), asc(appDomains.id))
    .limit(AT_MOST);
  return rows.map(({ id }) => id);
}

/** One after the other, a few at once, until there is no room for questions to Cloudflare any more. Failures leave the others alone. */
async function through(ctx: Context, end: number, ids: readonly string[], work: (id: string) => Promise<CheckOutcome>): Promise<void> {
  const queue = [...ids];
  async function worker(): Promise<void> {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const outcome = await work(id).catch((error: unknown): CheckOutcome => {
        if (errorCode(error) === "overloaded") return "deferred";
        if (errorCode(error) !== "upstream_unavailable") ctx.log.error("a domain could not be checked", error, { domain_id: id });
        return "busy";
      });
      if (outcome === "deferred" || ctx.clock.now() >= end) queue.length = 0;
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/**
 * Checks the claims that are due, and deletes what is left of those that were given up. Claims that nobody has proved need DNS
 * alone, and do not wait for those that need Cloudflare.
 */
export async function checkDueDomains(ctx: Context): Promise<void> {
  const live = ne(appDomains.status, "removed");
  const [unproved, proved, removed] = await Promise.all([
    dueOf(ctx, and(live, isNull(appDomains.verifiedAt))),
    dueOf(ctx, and(live, isNotNull(appDomains.verifiedAt))),
    dueOf(ctx, and(eq(appDomains.status, "removed"), isNull(appDomains.releasedAt))),
  ]);
  const end = ctx.clock.now() + TIME;
  await Promise.all([
    through(ctx, end, [...removed, ...proved], (id) => (removed.includes(id) ? cleanUp(ctx, id) : checkDomain(ctx, id))),
    through(ctx, end, unproved, (id) => checkDomain(ctx, id)),
  ]);
}
