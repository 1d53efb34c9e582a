import { and, eq, isNotNull, lt, ne } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { appDomains, auditLogs, workspaces } from "#platform/schema";
import { giveLeaseBack, takeLease } from "./check.ts";
import { COOL_DOWN } from "./claims.ts";
import { customHostnames } from "./cloudflare/client.ts";
import type { DomainRow } from "./rows.ts";

/** Milliseconds until it is tried again to delete what Cloudflare has of a claim that was given up. */
const TRY_AGAIN = 5 * 60_000;

/** What a row becomes when its claim is given up at a time. */
export const givenUp = (at: Date) => ({ status: "removed", removedAt: at, nextCheckAt: at, canonical: false, updatedAt: at }) as const;

/** Whether somebody claims the same host again; what Cloudflare has of it is theirs then. */
async function isClaimedAgain(ctx: Context, hostname: string): Promise<boolean> {
  const live = await ctx.db
    .select({ id: appDomains.id })
    .from(appDomains)
    .where(and(eq(appDomains.hostname, hostname), ne(appDomains.status, "removed")));
  return live.length > 0;
}

/** Deletes the hostname at Cloudflare; `false` where that has to be tried again. */
async function release(ctx: Context, { hostname, customHostnameId }: DomainRow): Promise<boolean> {
  const api = customHostnames(ctx);
  if (api === null) return true;
  // By its name as well: a check that was under way may have made it after the claim was given up.
  const found = await api.find(hostname);
  if (found.kind === "refused") return false;
  const ids = new Set([customHostnameId, found.value?.id].filter((id) => typeof id === "string"));
  for (const id of ids) {
    if (await isClaimedAgain(ctx, hostname)) return true;
    const removed = await api.remove(id);
    if (removed.kind === "refused") return false;
  }
  return true;
}

/**
 * Deletes what Cloudflare has of a claim that was given up. Begun and forgotten, it is begun again by the cron; repeated, it
 * changes nothing. @throws `upstream_unavailable`, `overloaded`
 */
export async function cleanUp(ctx: Context, domainId: string): Promise<"checked" | "busy"> {
  const row = await takeLease(ctx, domainId);
  if (row === null) return "busy";
  if (row.status !== "removed" || row.releasedAt !== null) {
    await giveLeaseBack(ctx, row);
    return "busy";
  }
  const now = ctx.clock.now();
  // What follows may fail; then this is when it is tried again.
  await ctx.db
    .update(appDomains)
    .set({ nextCheckAt: new Date(now + TRY_AGAIN) })
    .where(eq(appDomains.id, domainId));
  try {
    if (await release(ctx, row)) {
      await ctx.db
        .update(appDomains)
        .set({ releasedAt: new Date(now), nextCheckAt: null })
        .where(eq(appDomains.id, domainId));
    }
  } finally {
    await giveLeaseBack(ctx, row);
  }
  return "checked";
}

/** Gives up the claims of workspaces whose deletion is final, which nobody else could: their hostnames become free for others. */
export async function giveUpDeleted(ctx: Context): Promise<void> {
  const now = new Date(ctx.clock.now());
  const isFinal = and(eq(workspaces.status, "deleting"), lt(workspaces.deleteAt, now));
  await ctx.transaction(async (tx) => {
    const claims = await tx
      .update(appDomains)
      .set(givenUp(now))
      .from(workspaces)
      .where(and(eq(workspaces.id, appDomains.workspaceId), isFinal, ne(appDomains.status, "removed")))
      .returning({ id: appDomains.id, workspaceId: appDomains.workspaceId, hostname: appDomains.hostname });
    const entries = claims.map(({ id, workspaceId, hostname }) =>
      auditRow(ctx, { workspaceId, action: "domain.removed", targetType: "domain", targetId: id, before: { hostname } }),
    );
    if (entries.length > 0) await tx.insert(auditLogs).values(entries);
  });
}

/** Forgets claims that were given up, once nothing is left of them and their cool-down is over. */
export async function forgetRemoved(ctx: Context): Promise<void> {
  const before = new Date(ctx.clock.now() - COOL_DOWN);
  await ctx.db
    .delete(appDomains)
    .where(and(eq(appDomains.status, "removed"), isNotNull(appDomains.releasedAt), lt(appDomains.removedAt, before)));
}
