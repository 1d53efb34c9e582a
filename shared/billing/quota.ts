import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { callObject } from "#platform/lease/call-object";
import { callerOf } from "#platform/lease/caller";
import { LEASE_LIFE_MS } from "#platform/lease/exchange";
import { type Caller, LeaseHolder, type Take } from "#platform/lease/holder";
import { Registry } from "#platform/lease/registry";
import type { CountedMeter, QuotaExchange, QuotaGrant } from "#platform/objects/quota-counter";
import { workspaceObject } from "#platform/placement";
import { ledgerTotals } from "./ledger.ts";

/** Milliseconds after which a used-up quota is looked at again: the plan may have been changed. */
const DENIAL_MS = 5_000;
/** Milliseconds that a token count may be old. */
const TOKENS_LIFE_MS = LEASE_LIFE_MS;
/** Milliseconds without use after which all records have surely reached the ledger. */
const RECORDED_WITHIN_MS = 900_000;

/** What this isolate holds of a workspace's quota, and what it has still to tell. */
class Quota {
  readonly holder = new LeaseHolder<QuotaGrant>({ policy: "quota", lifeMs: LEASE_LIFE_MS, denialMs: DENIAL_MS });
  #untold: Partial<Record<CountedMeter, number>> = {};

  note(meter: CountedMeter, quantity: number): void {
    this.#untold[meter] = this.untold(meter) + quantity;
  }

  untold(meter: CountedMeter): number {
    return this.#untold[meter] ?? 0;
  }

  hasUntold(): boolean {
    return Object.keys(this.#untold).length > 0;
  }

  takeUntold(): QuotaExchange["adjustments"] {
    const untold = this.#untold;
    this.#untold = {};
    return untold;
  }
}

const quotas = new Registry(() => new Quota());

function quotaOf(ctx: Context, workspaceId: string): { quota: Quota; caller: Caller<QuotaGrant> } {
  const quota = quotas.of(ctx.env.QUOTA_COUNTER, workspaceId);
  const caller = callerOf<QuotaGrant>(
    ctx,
    // What is brought along is not brought again when the call fails: it may have arrived. Reconciliation makes up for it.
    (exchange) => {
      const request = { ...exchange, adjustments: quota.takeUntold() };
      return callObject(async () => (await counterOf(ctx, workspaceId)).take(request), "The workspace's quota");
    },
    () => quota.hasUntold(),
  );
  return { quota, caller };
}

function counterOf(ctx: Context, workspaceId: string) {
  return workspaceObject(ctx, ctx.env.QUOTA_COUNTER, workspaceId);
}

/** The period's requests are used up. */
export interface QuotaRefusal {
  readonly ok: false;
  /** Requests a period. */
  readonly limit: number;
  readonly periodSeconds: number;
  readonly resetMs: number;
}

/** Whether a workspace may run once more in this period. */
export type QuotaTake = { readonly ok: true; refund(): void } | QuotaRefusal;

/** The refusal that is known without asking, if there is one. */
export async function knownQuotaRefusal(ctx: Context, workspaceId: string): Promise<QuotaRefusal | undefined> {
  const { quota, caller } = quotaOf(ctx, workspaceId);
  const denial = quota.holder.denial(ctx.clock.now());
  return denial && toRefusal(quota, caller, denial);
}

/** Takes one request out of the workspace's quota; from memory when there is some. Errors: `upstream_unavailable`, `database_unavailable`. */
export async function admitRequest(ctx: Context, workspaceId: string): Promise<QuotaTake> {
  const { quota, caller } = quotaOf(ctx, workspaceId);
  const take = await quota.holder.take(caller);
  if (!take.ok) return toRefusal(quota, caller, take);
  let returned = false;
  const refund = () => {
    if (returned) return;
    returned = true;
    if (take.refund()) return;
    quota.note("requests", -1);
    quota.holder.remind(caller);
  };
  return { ok: true, refund };
}

async function toRefusal(quota: Quota, caller: Caller<QuotaGrant>, { resetMs }: Take): Promise<QuotaRefusal> {
  const { limit, periodSeconds } = await quota.holder.latest(caller, Number.POSITIVE_INFINITY);
  return { ok: false, limit: limit ?? 0, periodSeconds, resetMs };
}

/**
 * Counts tokens that a run has used. Costs no call: the next one to the counter brings them, within seconds. What a dead
 * isolate had not told yet, reconciliation takes from the ledger.
 */
export function spendTokens(ctx: Context, workspaceId: string, quantity: number): void {
  if (quantity <= 0) return;
  const { quota, caller } = quotaOf(ctx, workspaceId);
  quota.note("tokens", quantity);
  quota.holder.remind(caller);
}

/** Refuses to go on when the period's tokens are used up. Errors: `quota_exceeded`. */
export async function requireTokens(ctx: Context, workspaceId: string): Promise<void> {
  const { quota, caller } = quotaOf(ctx, workspaceId);
  const { tokensLeft } = await quota.holder.latest(caller, TOKENS_LIFE_MS);
  if (tokensLeft - quota.untold("tokens") > 0) return;
  throw new AppError("quota_exceeded", "The workspace's plan has no tokens left in this period.");
}

export interface QuotaSnapshot {
  readonly period_start: string;
  readonly period_end: string;
  readonly plan: string;
  /** `limit` null is unlimited; `reserved` is lent out, neither used nor free yet. */
  readonly meters: Readonly<Record<CountedMeter, { readonly limit: number | null; readonly used: number; readonly reserved: number }>>;
}

/** The workspace's use in the current period, as its counter knows it. */
export async function quotaSnapshot(ctx: Context, workspaceId: string): Promise<QuotaSnapshot> {
  const counts = await callObject(async () => (await counterOf(ctx, workspaceId)).counts(), "The workspace's quota");
  return {
    period_start: new Date(counts.periodStart).toISOString(),
    period_end: new Date(counts.periodEnd).toISOString(),
    plan: counts.planCode,
    meters: counts.meters,
  };
}

/** Has the counter read the workspace's plan again; isolates follow within seconds. */
export async function refreshQuota(ctx: Context, workspaceId: string): Promise<void> {
  await callObject(async () => (await counterOf(ctx, workspaceId)).refresh(), "The workspace's quota");
}

export interface QuotaDrift {
  readonly meter: CountedMeter;
  readonly counted: number;
  readonly ledger: number;
  /** Whether the counter now says what the ledger says; a busy counter is left alone until the next time. */
  readonly settled: boolean;
}

/** Sets the counter to what the ledger holds, and says where they differed. The ledger is right: it is what is billed. */
export async function reconcileQuota(ctx: Context, workspaceId: string): Promise<QuotaDrift[]> {
  const counts = await callObject(async () => (await counterOf(ctx, workspaceId)).counts(), "The workspace's quota");
  const totals = await ledgerTotals(ctx, workspaceId, counts);
  const meters: readonly CountedMeter[] = ["requests", "tokens"];
  const results = await Promise.all(
    meters.map(async (meter) => {
      // Corrections can take away more than was used; a counter cannot.
      const used = Math.max(0, totals[meter]);
      const reconcile = async () => (await counterOf(ctx, workspaceId)).reconcile(meter, counts.periodStart, used, RECORDED_WITHIN_MS);
      const { counted, settled } = await callObject(reconcile, "The workspace's quota");
      return { meter, counted, ledger: used, settled };
    }),
  );
  return results.filter((result) => result.counted !== result.ledger);
}
