import { and, count, eq, gt, isNull, ne, sql } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import { type Context, withActor } from "#platform/context";
import type { Transaction } from "#platform/db";
import { AppError, notFound, validationFailed } from "#platform/errors";
import { appDomains, apps, auditLogs } from "#platform/schema";
import { requireHostname } from "./hostnames.ts";
import { addOwnership } from "./next-steps.ts";
import { type CertificateMethod, newToken, ownershipRecord, routingRecord } from "./records.ts";
import type { DomainRow } from "./rows.ts";
import { domainTarget, isPlatformHostname } from "./settings.ts";
import { isPublicSuffix, wwwPair } from "./suffix.ts";

const DAY = 86_400_000;
/** How long (ms) a claim that nobody proves keeps others off. */
const UNPROVED_LIFE = DAY;
/** How long (ms) a host that was proved is kept for the workspace that has given it up. */
export const COOL_DOWN = DAY;
/** Claims of a workspace that nobody has proved: enough for anybody's work, too few to keep names from others. */
const MAX_UNPROVED = 100;

export interface NewDomain {
  readonly hostname: string;
  readonly certificateMethod?: CertificateMethod | undefined;
  /** Also claims the other half of the pair with www, to redirect to this one. */
  readonly www?: boolean | undefined;
}

function fault(path: string, code: string, message: string): AppError {
  return validationFailed([{ path, code, message }]);
}

/** Letters of the longest name: names of records below it still have to be names (253, with `_cf-custom-hostname.` in front). */
const MAX_LENGTH = 233;

/** What can be claimed at all. @throws `validation_failed` */
function claimable(ctx: Context, text: string): string {
  const hostname = requireHostname(text);
  if (hostname.length > MAX_LENGTH) {
    throw fault("hostname", "too_long", `A hostname has at most ${MAX_LENGTH} letters, so that there is room for the records below it.`);
  }
  if (isPlatformHostname(ctx.env, hostname))
    throw fault("hostname", "reserved", `${hostname} belongs to this platform. Take a name of your own.`);
  if (isPublicSuffix(hostname)) {
    throw fault(
      "hostname",
      "public_suffix",
      `Names below ${hostname} belong to different owners. Take the whole name of yours, such as shop.${hostname}.`,
    );
  }
  return hostname;
}

function pairOf(hostname: string): string {
  const pair = wwwPair(hostname);
  if (pair !== null) return pair;
  throw fault("www", "no_pair", `Only the top of a domain and its www are a pair; ${hostname} is neither. Leave www out.`);
}

/**
 * Claims a hostname for an app, with its pair if that is wanted: all or nothing. It serves nobody until its owner has proved to be
 * that. Gives the claim of the hostname that was asked for.
 * @throws `validation_failed`; `conflict` for a hostname that is claimed, here or elsewhere, or that cools down for another
 * workspace; `quota_exceeded` for too many that nobody proved
 */
export async function claimDomain(ctx: Context, workspaceId: string, appId: string, request: NewDomain): Promise<DomainRow> {
  const hostname = claimable(ctx, request.hostname);
  const names = request.www ? [hostname, pairOf(hostname)] : [hostname];
  const rows = await ctx.transaction(async (tx) => {
    // In one order for everybody, so that two who claim a pair do not wait for each other.
    for (const name of names.toSorted()) await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`domain:${name}`}, 0))`);
    await lockApp(tx, workspaceId, appId);
    await requireRoom(tx, workspaceId, names.length);
    const canonical = !(await hasCanonical(tx, appId));
    const claims: DomainRow[] = [];
    for (const name of names) {
      await makeWay(ctx, tx, workspaceId, name);
      const own = name === hostname;
      claims.push(
        await insertClaim(ctx, tx, { workspaceId, appId, hostname: name, canonical: own && canonical, redirects: !own, request }),
      );
    }
    return claims;
  });
  const row = rows.find((one) => one.hostname === hostname);
  if (!row) throw new Error("the claim was not made");
  return row;
}

async function lockApp(tx: Transaction, workspaceId: string, appId: string): Promise<void> {
  const locked = await tx
    .select({ id: apps.id })
    .from(apps)
    .where(and(eq(apps.workspaceId, workspaceId), eq(apps.id, appId)))
    .for("update");
  if (locked.length === 0) throw notFound("The app");
}

async function requireRoom(tx: Transaction, workspaceId: string, wanted: number): Promise<void> {
  const [row] = await tx
    .select({ unproved: count() })
    .from(appDomains)
    .where(and(eq(appDomains.workspaceId, workspaceId), isNull(appDomains.verifiedAt), ne(appDomains.status, "removed")));
  if ((row?.unproved ?? 0) + wanted <= MAX_UNPROVED) return;
  throw new AppError(
    "quota_exceeded",
    `The workspace has ${MAX_UNPROVED} hostnames that nobody has verified. Verify or remove some first.`,
  );
}

async function hasCanonical(tx: Transaction, appId: string): Promise<boolean> {
  const found = await tx
    .select({ id: appDomains.id })
    .from(appDomains)
    .where(and(eq(appDomains.appId, appId), eq(appDomains.canonical, true), ne(appDomains.status, "removed")));
  return found.length > 0;
}

/** Sees to it that nobody else has the name; a claim that was never proved gives way after a day. Only one at a time gets here for a name. */
async function makeWay(ctx: Context, tx: Transaction, workspaceId: string, hostname: string): Promise<void> {
  const now = ctx.clock.now();
  const [live] = await tx
    .select()
    .from(appDomains)
    .where(and(eq(appDomains.hostname, hostname), ne(appDomains.status, "removed")));
  if (live?.workspaceId === workspaceId) {
    throw new AppError("conflict", `${hostname} is claimed by an app of this workspace already.`, {
      details: { domain_id: live.id, app_id: live.appId },
    });
  }
  if (live) {
    if (live.verifiedAt !== null || live.createdAt.getTime() > now - UNPROVED_LIFE) throw taken(hostname);
    await displace(ctx, tx, live);
  }
  const [cooling] = await tx
    .select({ removedAt: appDomains.removedAt })
    .from(appDomains)
    .where(
      and(
        eq(appDomains.hostname, hostname),
        eq(appDomains.status, "removed"),
        ne(appDomains.workspaceId, workspaceId),
        sql`${appDomains.verifiedAt} IS NOT NULL`,
        gt(appDomains.removedAt, new Date(now - COOL_DOWN)),
      ),
    )
    .orderBy(sql`${appDomains.removedAt} DESC`)
    .limit(1);
  if (!cooling?.removedAt) return;
  const seconds = Math.ceil((cooling.removedAt.getTime() + COOL_DOWN - now) / 1_000);
  throw new AppError("conflict", `${hostname} was given up only just now, and is kept for whoever did for a day. Try again then.`, {
    retryAfter: Math.max(1, seconds),
  });
}

/** Nothing is said of whose it is. */
function taken(hostname: string): AppError {
  return new AppError("conflict", `${hostname} is already in use.`);
}

/** Gives up a claim that was never proved. Its workspace learns that the platform did it, and nothing of who came. */
async function displace(ctx: Context, tx: Transaction, { id, workspaceId, hostname }: DomainRow): Promise<void> {
  const now = new Date(ctx.clock.now());
  const displaced = await tx
    .update(appDomains)
    .set({ status: "removed", removedAt: now, nextCheckAt: now, canonical: false, updatedAt: now })
    .where(and(eq(appDomains.id, id), isNull(appDomains.verifiedAt), ne(appDomains.status, "removed")))
    .returning({ id: appDomains.id });
  // Proved in this very moment.
  if (displaced.length === 0) throw taken(hostname);
  const system = withActor(ctx, { type: "system", name: "domains" });
  const entry = auditRow(system, { workspaceId, action: "domain.displaced", targetType: "domain", targetId: id, before: { hostname } });
  await tx.insert(auditLogs).values({ ...entry, requestId: ctx.newId("request"), ipHash: null, userAgentHash: null });
}

interface Insertion {
  readonly workspaceId: string;
  readonly appId: string;
  readonly hostname: string;
  readonly canonical: boolean;
  readonly redirects: boolean;
  readonly request: NewDomain;
}

async function insertClaim(ctx: Context, tx: Transaction, insertion: Insertion): Promise<DomainRow> {
  const { request, ...columns } = insertion;
  const now = new Date(ctx.clock.now());
  const [row] = await tx
    .insert(appDomains)
    .values({
      ...columns,
      id: ctx.newId("domain"),
      status: "pending",
      verificationToken: newToken(ctx.random.bytes(16)),
      certificateMethod: request.certificateMethod ?? "http",
      nextCheckAt: now,
      createdAt: now,
      updatedAt: now,
    })
    .returning();
  if (!row) throw new Error("the insert returned no row");
  const nextStep = addOwnership({ ownership: ownershipRecord(row), routing: routingRecord(row, domainTarget(ctx.env)), certificate: [] });
  await tx.update(appDomains).set({ nextStep }).where(eq(appDomains.id, row.id));
  const { workspaceId, hostname } = columns;
  await tx
    .insert(auditLogs)
    .values(auditRow(ctx, { workspaceId, action: "domain.added", targetType: "domain", targetId: row.id, after: { hostname } }));
  return { ...row, nextStep };
}
