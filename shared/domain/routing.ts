import { and, eq } from "drizzle-orm";
import type { Context } from "#platform/context";
import { isUnreachable } from "#platform/db";
import { appDomains } from "#platform/schema";
import { normalizeHostname } from "./hostnames.ts";

export interface HostnameTarget {
  readonly workspaceId: string;
  readonly appId: string;
  /** The version that is served; `null`: the one that the app publishes. */
  readonly versionId: string | null;
  /** The canonical hostname, where this one only leads to it. */
  readonly redirectTo: string | null;
}

/** How long (ms) this isolate trusts what it last heard about a hostname; a removal holds everywhere within it. */
const LIFE = 3_000;
const MAX_REMEMBERED = 1_000;

/** What this isolate heard last about hostnames, unknown ones included, so that a flood costs no queries. */
const remembered = new Map<string, { readonly target: HostnameTarget | null; readonly until: number }>();

/**
 * The app that a hostname serves, or `null` unless the hostname is active. While the platform database is away, what was
 * heard last still holds.
 */
export async function findActiveHostname(ctx: Context, host: string): Promise<HostnameTarget | null> {
  const hostname = normalizeHostname(host);
  if (hostname === null) return null;
  const now = ctx.clock.now();
  const known = remembered.get(hostname);
  if (known && known.until > now) return known.target;
  const target = await readTarget(ctx, hostname).catch((error: unknown) => {
    if (known && isUnreachable(error)) return known.target;
    throw error;
  });
  remember(hostname, target, now + LIFE);
  return target;
}

async function readTarget(ctx: Context, hostname: string): Promise<HostnameTarget | null> {
  const [row] = await ctx.db
    .select({ workspaceId: appDomains.workspaceId, appId: appDomains.appId })
    .from(appDomains)
    .where(and(eq(appDomains.hostname, hostname), eq(appDomains.status, "active")));
  return row ? { ...row, versionId: null, redirectTo: null } : null;
}

function remember(hostname: string, target: HostnameTarget | null, until: number): void {
  remembered.delete(hostname);
  remembered.set(hostname, { target, until });
  const [oldest] = remembered.keys();
  if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}
