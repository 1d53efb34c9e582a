import { and, gt, lt, lte } from "drizzle-orm";
import { fireSchedules, forgetVisitorRules } from "#app";
import {
  aggregateUsage,
  backupDays,
  collectPayments,
  forgetPaymentEvents,
  mirrorSubscriptions,
  openDuePeriods,
  reconcileQuota,
  sendMeterEvents,
  settlePeriods,
} from "#billing";
import { beginDailyBackups, destroyDatabases, expireBackups, giveUpInterrupted, resumeRotations, settleDatabases } from "#database";
import { checkDueDomains, reconcileDomains } from "#domain";
import { deleteExpiredValues } from "#execution";
import type { Context } from "#platform/context";
import { idempotencyKeys, workspaceQuotas } from "#platform/schema";
import { deleteExpiredUploads, forgetDeliveries, offerDeliveries } from "#runtime";
import { rotateKeys } from "./rotate-keys.ts";
import { sampleStorage } from "./sample-storage.ts";

/** The minute of the hour in which counters are compared with the ledger: not the full hour, when everybody's schedules fire. */
const RECONCILE_MINUTE = 17;
const RECONCILED_AT_ONCE = 10;
/** The minute of the hour in which databases are measured. */
const STORAGE_MINUTE = 7;
/** The minute of the hour in which uploads that no run took are deleted. */
const UPLOADS_MINUTE = 41;
/** The minute of the hour in which large values of old node logs are deleted. */
const VALUES_MINUTE = 47;
/** The minute of the hour in which deliveries of long ago are deleted. */
const DELIVERIES_MINUTE = 53;
/** The minute of the hour in which rules about visitors that have ended are deleted. */
const RULES_MINUTE = 35;
/** The minute of the hour in which backups whose time is over are deleted, and interrupted ones given up. */
const BACKUPS_MINUTE = 29;
/** The minute of the hour in which periods that are over are billed. */
const INVOICES_MINUTE = 37;
/** The minute of the hour in which custom hostnames are compared with those at Cloudflare. */
const DOMAINS_MINUTE = 11;
/** The minute of the hour in which the payment provider is told of use and of plans. */
const PAYMENTS_MINUTE = 23;

/**
 * The work of a minute, named by the time (ms) it was scheduled for. Each task is idempotent, and one that fails does not
 * stop the others.
 */
export async function runScheduled(ctx: Context, scheduledTime: number): Promise<void> {
  const minute = new Date(scheduledTime).getUTCMinutes();
  const tasks: Promise<unknown>[] = [
    fireAndOffer(ctx),
    forgetIdempotencyKeys(ctx),
    rotateKeys(ctx),
    tendDatabases(ctx),
    minute === INVOICES_MINUTE ? billPeriods(ctx) : aggregateUsage(ctx),
    beginDailyBackups(ctx, (workspaceId) => backupDays(ctx, workspaceId)),
    collectPayments(ctx),
    checkDueDomains(ctx),
  ];
  if (minute === RECONCILE_MINUTE) tasks.push(reconcileQuotas(ctx));
  if (minute === STORAGE_MINUTE) tasks.push(sampleStorage(ctx));
  if (minute === UPLOADS_MINUTE) tasks.push(deleteExpiredUploads(ctx));
  if (minute === VALUES_MINUTE) tasks.push(deleteExpiredValues(ctx));
  if (minute === DELIVERIES_MINUTE) tasks.push(forgetDeliveries(ctx));
  if (minute === RULES_MINUTE) tasks.push(forgetVisitorRules(ctx));
  if (minute === PAYMENTS_MINUTE) tasks.push(mirrorSubscriptions(ctx), sendMeterEvents(ctx), forgetPaymentEvents(ctx));
  if (minute === DOMAINS_MINUTE) tasks.push(reconcileDomains(ctx));
  if (minute === BACKUPS_MINUTE) tasks.push(expireBackups(ctx), giveUpInterrupted(ctx));
  for (const outcome of await Promise.allSettled(tasks)) {
    if (outcome.status === "rejected") ctx.log.error("a scheduled task failed", outcome.reason);
  }
}

/** What was begun about databases and did not come to its end, and what has become due. */
async function tendDatabases(ctx: Context): Promise<void> {
  await Promise.all([resumeRotations(ctx), settleDatabases(ctx), destroyDatabases(ctx, (workspaceId) => backupDays(ctx, workspaceId))]);
}

/** Schedules that are due, and then everything that is owed. */
async function fireAndOffer(ctx: Context): Promise<void> {
  await fireSchedules(ctx);
  await offerDeliveries(ctx);
}

/** Begins the periods that nobody asked for, and makes the invoices of those that are over, from hours that were just added up. */
async function billPeriods(ctx: Context): Promise<void> {
  await openDuePeriods(ctx);
  await aggregateUsage(ctx);
  await settlePeriods(ctx);
}

async function forgetIdempotencyKeys(ctx: Context): Promise<void> {
  await ctx.db.delete(idempotencyKeys).where(lt(idempotencyKeys.expiresAt, new Date(ctx.clock.now())));
}

/** Heals every quota counter towards the ledger, which is what is billed, and reports the drift. */
async function reconcileQuotas(ctx: Context): Promise<void> {
  const now = new Date(ctx.clock.now());
  const open = await ctx.db
    .select({ workspaceId: workspaceQuotas.workspaceId })
    .from(workspaceQuotas)
    .where(and(lte(workspaceQuotas.periodStart, now), gt(workspaceQuotas.periodEnd, now)));
  for (let start = 0; start < open.length; start += RECONCILED_AT_ONCE) {
    await Promise.all(open.slice(start, start + RECONCILED_AT_ONCE).map(({ workspaceId }) => reconcile(ctx, workspaceId)));
  }
}

async function reconcile(ctx: Context, workspaceId: string): Promise<void> {
  try {
    const drifts = await reconcileQuota(ctx, workspaceId);
    if (drifts.length > 0) ctx.log.warn("a quota counter differed from the ledger", { workspace_id: workspaceId, drifts });
  } catch (error) {
    ctx.log.error("a quota counter could not be reconciled", error, { workspace_id: workspaceId });
  }
}
