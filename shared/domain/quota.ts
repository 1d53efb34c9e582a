import { and, count, eq, ne } from "drizzle-orm";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { appDomains } from "#platform/schema";
import { customHostnames, type HostnameQuota } from "./cloudflare/client.ts";

/** How many custom hostnames there may be, and are. */
export interface DomainQuota {
  /** `null`: nobody sets a limit. */
  readonly allocated: number | null;
  readonly used: number;
  readonly exceeded: boolean | null;
  /** `cloudflare`: of the whole deployment, as Cloudflare counts. `none`: the workspace's own, where Cloudflare is not set up. */
  readonly source: "cloudflare" | "none";
}

/** How long (ms) an isolate goes without asking again: it changes by what is added and removed here. */
const LIFE = 60_000;

let known: { readonly zone: string; readonly quota: HostnameQuota; readonly until: number } | undefined;

/** @throws `upstream_unavailable`, `overloaded` */
export async function readQuota(ctx: Context, workspaceId: string): Promise<DomainQuota> {
  const api = customHostnames(ctx);
  if (api === null) return { allocated: null, used: await countOwn(ctx, workspaceId), exceeded: null, source: "none" };
  const [zone, now] = [`${ctx.env.CLOUDFLARE_API_ORIGIN}/${ctx.env.CLOUDFLARE_ZONE_ID}`, ctx.clock.now()];
  if (known?.zone !== zone || known.until <= now) {
    const result = await api.quota();
    if (result.kind === "refused") throw new AppError("upstream_unavailable", "Cloudflare does not tell this deployment its quota.");
    known = { zone, quota: result.value, until: now + LIFE };
  }
  const { allocated, used, exceeded } = known.quota;
  return { allocated, used, exceeded: exceeded ?? used > allocated, source: "cloudflare" };
}

async function countOwn(ctx: Context, workspaceId: string): Promise<number> {
  const [row] = await ctx.db
    .select({ used: count() })
    .from(appDomains)
    .where(and(eq(appDomains.workspaceId, workspaceId), ne(appDomains.status, "removed")));
  return row?.used ?? 0;
}
