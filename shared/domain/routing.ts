import { and, eq, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import type { Context } from "#platform/context";
import { isUnreachable } from "#platform/db";
import { appDomains } from "#platform/schema";
import { normalizeHostname } from "./hostnames.ts";

export interface HostnameTarget {
  readonly workspaceId: string;
  readonly appId: string;
  /** The version that is served, whatever the app publishes; `null`: whichever it publishes. */
  readonly versionId: string | null;
  /** The hostname that visitors are sent on to, where this one redirects. */
  readonly redirectTo: string | null;
}

/** How long (ms) this isolate trusts what it last heard about a hostname; a removal or a switch holds everywhere within it. */
const LIFE = 3_000;
/** Age (ms) from which what is remembered is renewed behind the answer, so that visitors who keep coming never wait for it. */
const RENEW = 1_500;
const MAX_REMEMBERED = 10_000;

interface Remembered {
  readonly target: HostnameTarget | null;
  readonly heard: number;
  /** Somebody is asking already. */
  renewing: boolean;
}

/** What this isolate heard last about hostnames, unknown ones included, so that a flood costs no queries. */
const remembered = new Map<string, Remembered>();

/**
 * The app that a hostname serves, or `null` unless the hostname is active. While the platform database is away, what was
 * heard last still holds. `shield` is asked before a hostname that this isolate has not heard of is looked up, and throws what
 * refuses that.
 */
export async function findActiveHostname(ctx: Context, host: string, shield?: () => Promise<void>): Promise<HostnameTarget | null> {
  // What is remembered is kept by the form that hosts mostly come in.
  const hostname = remembered.has(host) ? host : normalizeHostname(host);
  if (hostname === null) return null;
  const known = remembered.get(hostname);
  if (known === undefined) await shield?.();
  const age = known === undefined ? LIFE : ctx.clock.now() - known.heard;
  if (known === undefined || age >= LIFE) return renew(ctx, hostname, known);
  if (age >= RENEW && !known.renewing) renewBehind(ctx, hostname, known);
  return known.target;
}

function renewBehind(ctx: Context, hostname: string, known: Remembered): void {
  known.renewing = true;
  const work = renew(ctx, hostname, known).catch((error: unknown) => {
    known.renewing = false;
    ctx.log.error("a hostname could not be looked up ahead", error, { hostname });
  });
  ctx.waitUntil(work);
}

async function renew(ctx: Context, hostname: string, known: Remembered | undefined): Promise<HostnameTarget | null> {
  // What is read holds from when it was asked for, however long the answer takes.
  const heard = ctx.clock.now();
  const target = await readTarget(ctx, hostname).catch((error: unknown) => {
    if (known && isUnreachable(error)) return known.target;
    throw error;
  });
  remember(hostname, { target, heard, renewing: false });
  return target;
}

const canonical = alias(appDomains, "canonical");

/** A hostname redirects to its app's canonical one while that is served itself; else it serves the app as any other. */
async function readTarget(ctx: Context, hostname: string): Promise<HostnameTarget | null> {
  const [row] = await ctx.db
    .select({
      workspaceId: appDomains.workspaceId,
      appId: appDomains.appId,
      versionId: appDomains.versionId,
      redirectTo: canonical.hostname,
    })
    .from(appDomains)
    .leftJoin(
      canonical,
      and(
        eq(appDomains.redirects, true),
        eq(canonical.appId, appDomains.appId),
        eq(canonical.canonical, true),
        sql`${canonical.status} = 'active'`,
      ),
    )
    .where(and(eq(appDomains.hostname, hostname), sql`${appDomains.status} = 'active'`));
  return row ?? null;
}

function remember(hostname: string, entry: Remembered): void {
  // An answer that took long does not take the place of a newer one.
  if ((remembered.get(hostname)?.heard ?? entry.heard) > entry.heard) return;
  remembered.delete(hostname);
  remembered.set(hostname, entry);
  const [oldest] = remembered.keys();
  if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}
