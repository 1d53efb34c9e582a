import { and, asc, eq, getTableColumns, gt, ne } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError, errorCode, notFound } from "#platform/errors";
import { isId } from "#platform/ids";
import { type Page, type PageRequest, readCursor, toPage } from "#platform/pages";
import { appDomains, auditLogs } from "#platform/schema";
import { checkDomain } from "./check.ts";
import { claimDomain, type NewDomain } from "./claims.ts";
import { type Domain, present, type ShownRow } from "./domain-view.ts";
import { cleanUp, givenUp } from "./removed.ts";
import { owned, readDomain } from "./rows.ts";

/** Seconds between two checks that somebody asks for. */
const CHECK_PAUSE = 5;

const canonical = alias(appDomains, "canonical");

/** Claims, each with the hostname that it redirects to. */
function shown(ctx: Context) {
  return ctx.db
    .select({ row: getTableColumns(appDomains), redirectTo: canonical.hostname })
    .from(appDomains)
    .leftJoin(
      canonical,
      and(
        eq(appDomains.redirects, true),
        eq(canonical.appId, appDomains.appId),
        eq(canonical.canonical, true),
        ne(canonical.status, "removed"),
      ),
    );
}

/** The hostnames of an app, oldest first. */
export async function listDomains(ctx: Context, workspaceId: string, appId: string, page: PageRequest): Promise<Page<Domain>> {
  const after = readCursor(page.cursor);
  const rows = await shown(ctx)
    .where(
      and(
        eq(appDomains.workspaceId, workspaceId),
        eq(appDomains.appId, appId),
        ne(appDomains.status, "removed"),
        after === undefined ? undefined : gt(appDomains.id, after),
      ),
    )
    .orderBy(asc(appDomains.id))
    .limit(page.limit + 1);
  return toPage(
    rows.map((found) => ({ id: found.row.id, found })),
    page.limit,
    ({ found }) => present(ctx, found),
  );
}

async function readShown(ctx: Context, workspaceId: string, appId: string, domainId: string): Promise<ShownRow> {
  const [found] = isId("domain", domainId) ? await shown(ctx).where(owned(workspaceId, appId, domainId)) : [];
  if (!found) throw notFound("The domain");
  return found;
}

/** As it is stored. @throws `not_found` */
export async function viewDomain(ctx: Context, workspaceId: string, appId: string, domainId: string): Promise<Domain> {
  return present(ctx, await readShown(ctx, workspaceId, appId, domainId));
}

/** The same; when a check of it is due, that is begun behind the answer, so that whoever watches sees it happen. @throws `not_found` */
export async function getDomain(ctx: Context, workspaceId: string, appId: string, domainId: string): Promise<Domain> {
  const found = await readShown(ctx, workspaceId, appId, domainId);
  const { nextCheckAt } = found.row;
  if (nextCheckAt !== null && nextCheckAt.getTime() <= ctx.clock.now()) checkBehind(ctx, domainId);
  return present(ctx, found);
}

/** Checks a claim after the answer. What goes wrong there is for the log: the schedule comes back to it. */
export function checkBehind(ctx: Context, domainId: string): void {
  const check = checkDomain(ctx, domainId).catch((error: unknown) => {
    ctx.log.error("a domain could not be checked", error, { domain_id: domainId });
  });
  ctx.waitUntil(check);
}

/** Claims a hostname for an app, and has it checked at once. @throws what `claimDomain` throws */
export async function addDomain(ctx: Context, workspaceId: string, appId: string, request: NewDomain): Promise<Domain> {
  const { id } = await claimDomain(ctx, workspaceId, appId, request);
  checkBehind(ctx, id);
  return viewDomain(ctx, workspaceId, appId, id);
}

/**
 * Checks a claim now, and begins its schedule anew. While another check is at it, gives what is known.
 * @throws `not_found`, `rate_limited`
 */
export async function verifyDomain(ctx: Context, workspaceId: string, appId: string, domainId: string): Promise<Domain> {
  const { id, checkedAt, hostname } = await readDomain(ctx, workspaceId, appId, domainId);
  const wait = checkedAt === null ? 0 : Math.ceil(checkedAt.getTime() / 1_000 + CHECK_PAUSE - ctx.clock.now() / 1_000);
  if (wait > 0) throw new AppError("rate_limited", `${hostname} was checked just now. Try again in ${wait} s.`, { retryAfter: wait });
  const outcome = await checkDomain(ctx, id, { restart: true });
  if (outcome === "checked") {
    await ctx.db
      .insert(auditLogs)
      .values(auditRow(ctx, { workspaceId, action: "domain.checked", targetType: "domain", targetId: id, after: { hostname } }));
  }
  return viewDomain(ctx, workspaceId, appId, domainId);
}

/** Gives a hostname up: it serves nobody any more within seconds, and what Cloudflare has of it is deleted behind the answer. @throws `not_found` */
export async function removeDomain(ctx: Context, workspaceId: string, appId: string, domainId: string): Promise<void> {
  const { hostname, status } = await readDomain(ctx, workspaceId, appId, domainId);
  await ctx.transaction(async (tx) => {
    const removed = await tx
      .update(appDomains)
      .set(givenUp(new Date(ctx.clock.now())))
      .where(owned(workspaceId, appId, domainId))
      .returning({ id: appDomains.id });
    if (removed.length === 0) throw notFound("The domain");
    await tx.insert(auditLogs).values(
      auditRow(ctx, {
        workspaceId,
        action: "domain.removed",
        targetType: "domain",
        targetId: domainId,
        before: { hostname, status },
      }),
    );
  });
  const work = cleanUp(ctx, domainId).catch((error: unknown) => {
    if (errorCode(error) !== "upstream_unavailable") ctx.log.error("a domain could not be cleaned up", error, { domain_id: domainId });
  });
  ctx.waitUntil(work);
}
