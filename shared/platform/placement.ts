import { eq } from "drizzle-orm";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { workspaces } from "#platform/schema";

/**
 * Where a workspace's database and the objects that are its alone are kept. `auto` is wherever it is first asked for; `eu` is
 * within the European Union by jurisdiction; the others are places that are aimed at (Cloudflare, "Data location").
 */
export const REGIONS = ["auto", "eu", "wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;
export type Region = (typeof REGIONS)[number];

const isRegion = (text: string): text is Region => REGIONS.some((region) => region === text);

/** Regions of the workspaces that this isolate has met. A workspace's region is decided when it is made and never changes. */
const known = new Map<string, Region>();
/** Workspaces kept at most; those met first are forgotten first. */
const MAX_KNOWN = 10_000;

/** Keeps a region that was read on the way, so that it need not be looked up. */
export function rememberRegion(workspaceId: string, region: string): void {
  if (!isRegion(region) || known.has(workspaceId)) return;
  if (known.size >= MAX_KNOWN) known.delete(known.keys().next().value ?? "");
  known.set(workspaceId, region);
}

async function regionOf(ctx: Pick<Context, "db">, workspaceId: string): Promise<Region> {
  const remembered = known.get(workspaceId);
  if (remembered) return remembered;
  const [row] = await ctx.db.select({ region: workspaces.region }).from(workspaces).where(eq(workspaces.id, workspaceId));
  if (!row) throw new AppError("not_found", "The workspace does not exist.");
  rememberRegion(workspaceId, row.region);
  return known.get(workspaceId) ?? "auto";
}

/** As much of a namespace of objects as placing one takes. */
interface Namespace<Stub> {
  getByName(name: string, options?: { locationHint?: DurableObjectLocationHint }): Stub;
  jurisdiction(jurisdiction: "eu"): { getByName(name: string): Stub };
}

/**
 * An object that is one workspace's alone, in the workspace's region: the one named by its id, unless it has several. Always
 * found by the same name in the same place.
 */
export async function workspaceObject<Stub>(
  ctx: Pick<Context, "db">,
  namespace: Namespace<Stub>,
  workspaceId: string,
  name = workspaceId,
): Promise<Stub> {
  const region = await regionOf(ctx, workspaceId);
  if (region === "eu") return namespace.jurisdiction("eu").getByName(name);
  return region === "auto" ? namespace.getByName(name) : namespace.getByName(name, { locationHint: region });
}
