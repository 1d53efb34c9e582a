import { inArray } from "drizzle-orm";
import type { Context } from "#platform/context";
import { appDomains } from "#platform/schema";
import { type CustomHostnames, customHostnames } from "./cloudflare/client.ts";
import type { CustomHostname } from "./cloudflare/custom-hostname.ts";
import { forgetRemoved, giveUpDeleted } from "./removed.ts";

/** A hostname younger than this (ms) may be somebody's who has not written it down yet. */
const YOUNG = 3_600_000;
/** Pages that one pass looks at; a zone with more is gone through in as many passes as it takes. */
const PAGES = 100;
const HOUR = 3_600_000;
/** More than this share of the hostnames, and more than these few, are not left over: this is another's zone, or not our database. */
const TOO_MANY = { share: 0.1, few: 10 };

/** What of a page nobody claims, live or given up. A claim that was given up deletes its own. */
async function strangersOf(ctx: Context, hostnames: readonly CustomHostname[]): Promise<CustomHostname[]> {
  if (hostnames.length === 0) return [];
  const names = hostnames.map(({ hostname }) => hostname);
  const rows = await ctx.db.select({ hostname: appDomains.hostname }).from(appDomains).where(inArray(appDomains.hostname, names));
  const claimed = new Set(rows.map(({ hostname }) => hostname));
  const before = ctx.clock.now() - YOUNG;
  return hostnames.filter(({ hostname, created_at }) => !claimed.has(hostname) && Date.parse(created_at ?? "") <= before);
}

/** The hostnames of this pass: all, or, of very many, those whose turn it is in this hour. */
async function hostnamesOfPass(ctx: Context, api: CustomHostnames): Promise<CustomHostname[]> {
  const first = await api.page(1);
  if (first.kind === "refused") return [];
  const passes = Math.max(1, Math.ceil(first.value.pages / PAGES));
  const start = (Math.floor(ctx.clock.now() / HOUR) % passes) * PAGES + 1;
  const hostnames = start === 1 ? [...first.value.hostnames] : [];
  for (let page = Math.max(2, start); page < start + PAGES && page <= first.value.pages; page += 1) {
    const result = await api.page(page);
    if (result.kind === "refused") break;
    hostnames.push(...result.value.hostnames);
  }
  return hostnames;
}

async function deleteStrangers(ctx: Context, api: CustomHostnames): Promise<void> {
  const all = await hostnamesOfPass(ctx, api);
  const strangers = await strangersOf(ctx, all);
  if (strangers.length > Math.max(TOO_MANY.few, all.length * TOO_MANY.share)) {
    ctx.log.warn("too many hostnames at Cloudflare are nobody's to be deleted: is this the right zone and database?", {
      strangers: strangers.length,
      hostnames: all.length,
    });
    return;
  }
  for (const { id } of strangers) await api.remove(id);
  if (strangers.length > 0) ctx.log.warn("hostnames that nobody claims were deleted at Cloudflare", { deleted: strangers.length });
}

/**
 * Gives up what deleted workspaces claimed, and deletes hostnames at Cloudflare that nobody claims: the zone's custom hostnames are made here alone. The other way round there
 * is nothing to be done: a claim whose hostname is gone makes it again at its next check.
 */
export async function reconcileDomains(ctx: Context): Promise<void> {
  await Promise.all([forgetRemoved(ctx), giveUpDeleted(ctx)]);
  const api = customHostnames(ctx);
  if (api === null) return;
  await deleteStrangers(ctx, api);
}
