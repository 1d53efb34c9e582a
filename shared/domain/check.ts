import { and, eq, isNull, lte, ne, or } from "drizzle-orm";
import type { Context } from "#platform/context";
import { errorCode } from "#platform/errors";
import { appDomains, runtimeEvents } from "#platform/schema";
import { type CustomHostnames, customHostnames } from "./cloudflare/client.ts";
import { type Synced, sync } from "./cloudflare/sync.ts";
import { type DnsFacts, lookUp } from "./dns/look-up.ts";
import { nextNotice, noticesFor, stateEvent } from "./notices.ts";
import { cloudflareRecords, inDns } from "./records.ts";
import { customOf, type DomainRow } from "./rows.ts";
import { delayAfter, MAX_CHECKS, MAX_SILENT_CHECKS, WATCH } from "./schedule.ts";
import { domainResolvers } from "./settings.ts";
import { decideOn, wantedOf } from "./situation.ts";
import type { Decision } from "./states.ts";

/** How long (ms) one check may hold a claim; what died while it held it is taken over after that. */
const LEASE = 60_000;
/** Milliseconds until Cloudflare is asked about a claim again when there was no room for it. */
const NO_ROOM = 30_000;

/** `busy`: another check is at it, or there is no such claim any more. `deferred`: the budget of requests to Cloudflare is used up. */
export type CheckOutcome = "checked" | "busy" | "deferred";

export interface CheckOptions {
  /** Somebody asks for it: the schedule begins anew. */
  readonly restart?: boolean;
}

/** Takes a claim for one check; `null` while another has it. */
export async function takeLease(ctx: Context, domainId: string): Promise<DomainRow | null> {
  const now = new Date(ctx.clock.now());
  const [row] = await ctx.db
    .update(appDomains)
    .set({ checkingUntil: new Date(ctx.clock.now() + LEASE) })
    .where(and(eq(appDomains.id, domainId), or(isNull(appDomains.checkingUntil), lte(appDomains.checkingUntil, now))))
    .returning();
  return row ?? null;
}

export async function giveLeaseBack(ctx: Context, row: DomainRow): Promise<void> {
  await ctx.db.update(appDomains).set({ checkingUntil: null }).where(held(row));
}

/** The row while it is still this check's. */
function held(row: DomainRow) {
  return and(
    eq(appDomains.id, row.id),
    row.checkingUntil === null ? isNull(appDomains.checkingUntil) : eq(appDomains.checkingUntil, row.checkingUntil),
  );
}

/**
 * Looks once at a claim: at DNS, then, once ownership is proved, at Cloudflare, where what is missing is made; and stores what
 * follows. One check at a time has a claim. It can die anywhere: the next one finds what it began.
 */
export async function checkDomain(ctx: Context, domainId: string, { restart = false }: CheckOptions = {}): Promise<CheckOutcome> {
  const row = await takeLease(ctx, domainId);
  if (row === null) return "busy";
  if (row.status === "removed") {
    await giveLeaseBack(ctx, row);
    return "busy";
  }
  try {
    return await checkHeld(ctx, { ...row, checks: restart ? 0 : row.checks });
  } catch (error) {
    await giveLeaseBack(ctx, row);
    throw error;
  }
}

/** What was learned in one check. */
interface Learned {
  readonly dns: DnsFacts;
  readonly synced: Synced;
  /** There was no room for questions to Cloudflare. */
  readonly deferred: boolean;
}

async function checkHeld(ctx: Context, row: DomainRow): Promise<CheckOutcome> {
  const waiting = row.status === "active" ? [] : inDns(cloudflareRecords(row, customOf(row)));
  const dns = await lookUp(domainResolvers(ctx.env), wantedOf(ctx, row), waiting);
  const proved = row.verifiedAt !== null || dns.ownership.state === "passed";
  const api = proved ? customHostnames(ctx) : null;
  const learned = { dns, ...(await askCloudflare(ctx, api, row, dns)) };
  await store(ctx, row, learned);
  return learned.deferred ? "deferred" : "checked";
}

async function askCloudflare(
  ctx: Context,
  api: CustomHostnames | null,
  row: DomainRow,
  dns: DnsFacts,
): Promise<Pick<Learned, "synced" | "deferred">> {
  const known = customOf(row);
  if (api === null) return { synced: { state: { kind: "none" }, custom: known }, deferred: false };
  try {
    const synced = await sync(api, { ...row, wasActive: row.activatedAt !== null }, dns.routing.state, ctx.clock.now());
    return { synced: { ...synced, custom: synced.custom ?? known }, deferred: false };
  } catch (error) {
    const code = errorCode(error);
    if (code !== "upstream_unavailable" && code !== "overloaded") throw error;
    return { synced: { state: { kind: "unknown" }, custom: known }, deferred: code === "overloaded" };
  }
}

/** Whether somebody who was asked had nothing to say. */
function isSilent(row: DomainRow, { dns, synced }: Learned): boolean {
  return synced.state.kind === "unknown" || (row.verifiedAt === null && dns.ownership.state === "unknown");
}

/** Checks of the schedule that is in force after this one; what is settled has none, and begins a new one when it is unsettled. */
function checksAfter(row: DomainRow, { status, verified }: Decision, learned: Learned): number {
  if (status === "active" || status === "verified") return 0;
  if (verified && row.verifiedAt === null) return 1;
  if (learned.deferred) return row.checks;
  return isSilent(row, learned) && row.checks >= MAX_SILENT_CHECKS ? row.checks : row.checks + 1;
}

/** When a claim is looked at next; `null`: when somebody asks for it. */
function nextCheck(ctx: Context, row: DomainRow, { status, away }: Decision, learned: Learned, checks: number): Date | null {
  const now = ctx.clock.now();
  if (learned.deferred) return new Date(now + NO_ROOM);
  if (status === "failed" && !isSilent(row, learned)) return null;
  if (status === "active" || status === "verified") {
    if (away > 0) return new Date(now + WATCH.leaving);
    return new Date(Math.min(now + WATCH.settled, nextNotice(learned.synced.custom, now) ?? Number.POSITIVE_INFINITY));
  }
  return new Date(now + (checks >= MAX_CHECKS ? WATCH.late : delayAfter(checks)));
}

/** The row while it is what was decided from; whoever changed it has had it checked anew. */
function asDecided({ status, inService, certificateMethod }: DomainRow) {
  return and(
    eq(appDomains.status, status),
    eq(appDomains.inService, inService),
    eq(appDomains.certificateMethod, certificateMethod),
    ne(appDomains.status, "removed"),
  );
}

/** Writes what was learned, while the claim is still this check's, and what it was decided from. */
async function store(ctx: Context, row: DomainRow, learned: Learned): Promise<void> {
  const { dns, synced } = learned;
  const now = new Date(ctx.clock.now());
  const decision = decideOn(ctx, row, { dns, ...synced }, row.checks + 1);
  const { status, nextStep, verified, away } = decision;
  const checks = checksAfter(row, decision, learned);
  const { notices, events } = noticesFor(ctx, row, synced.custom);
  const changed = status !== row.status;
  const told = changed ? [...events, stateEvent(ctx, row, status, nextStep?.code ?? null)] : events;
  const write = ctx.db
    .update(appDomains)
    .set({
      status,
      dns,
      nextStep,
      notices: [...notices],
      customHostname: synced.custom,
      customHostnameId: synced.custom?.id ?? row.customHostnameId,
      verifiedAt: verified ? (row.verifiedAt ?? now) : null,
      activatedAt: status === "active" ? (row.activatedAt ?? now) : row.activatedAt,
      awayChecks: away,
      checks,
      checkedAt: now,
      nextCheckAt: nextCheck(ctx, row, decision, learned, checks),
      checkingUntil: null,
      ...(changed ? { updatedAt: now } : {}),
    })
    .where(and(held(row), asDecided(row)));
  if (told.length === 0) await write;
  else
    await ctx.db.batch([
      write,
      ctx.db
        .insert(runtimeEvents)
        .values([...told])
        .onConflictDoNothing(),
    ]);
  // Where members changed it meanwhile, theirs stands.
  await giveLeaseBack(ctx, row);
}
