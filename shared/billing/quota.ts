import type { Context } from "#platform/context";
import type { Take } from "#platform/lease/holder";
import type { QuotaGrant } from "#platform/objects/quota-counter";
import { type QuotaHold, quotaOf } from "./counters.ts";

/** The period's quota is used up. */
export interface QuotaRefusal {
  readonly ok: false;
  /** What refuses: the workspace's plan, or the app's own budget. */
  readonly of: "plan" | "budget";
  readonly meter: QuotaGrant["stoppedBy"];
  /** Units of the meter a period. */
  readonly limit: number;
  readonly periodSeconds: number;
  readonly resetMs: number;
}

/** Whether an app may run once more in this period. */
export type QuotaTake = { readonly ok: true; refund(): void } | QuotaRefusal;

/** The refusal that is known without asking, if there is one. */
export function knownQuotaRefusal(ctx: Context, workspaceId: string, appId: string): QuotaRefusal | undefined {
  const whole = planHold(ctx, workspaceId);
  const holds = [whole, budgetHold(ctx, whole, workspaceId, appId)];
  for (const hold of holds) {
    const denial = hold?.quota.holder.denial(ctx.clock.now());
    if (hold && denial) return toRefusal(hold, denial);
  }
  return undefined;
}

/**
 * Takes one request out of the workspace's quota, and out of the app's budget where it has one: from memory when there are
 * some. Apps without a budget pay nothing for it: the answer that a request was taken by, which is no older than three seconds,
 * names the apps that have one. Errors: `upstream_unavailable`, `database_unavailable`.
 */
export async function admitRequest(ctx: Context, workspaceId: string, appId: string): Promise<QuotaTake> {
  const whole = planHold(ctx, workspaceId);
  const first = await takeOne(whole);
  const budget = first.ok ? budgetHold(ctx, whole, workspaceId, appId) : undefined;
  if (!first.ok || !budget) return first;
  const second = await takeOne(budget).catch((error: unknown) => {
    first.refund();
    throw error;
  });
  if (!second.ok) {
    first.refund();
    return second;
  }
  const refund = () => {
    first.refund();
    second.refund();
  };
  return { ok: true, refund };
}

interface Hold extends QuotaHold {
  readonly of: QuotaRefusal["of"];
}

function planHold(ctx: Context, workspaceId: string): Hold {
  return { of: "plan", ...quotaOf(ctx, { workspaceId, appId: null }) };
}

function budgetHold(ctx: Context, whole: Hold, workspaceId: string, appId: string): Hold | undefined {
  const isBudgeted = whole.quota.holder.last?.budgetedApps.includes(appId) ?? false;
  return isBudgeted ? { of: "budget", ...quotaOf(ctx, { workspaceId, appId }) } : undefined;
}

async function takeOne(hold: Hold): Promise<QuotaTake> {
  const { quota, caller } = hold;
  const take = await quota.holder.take(caller);
  if (!take.ok) return toRefusal(hold, take);
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

function toRefusal({ of, quota }: Hold, { resetMs }: Take): QuotaRefusal {
  const { stoppedBy = "requests", limit = null, periodSeconds = 0 } = quota.holder.last ?? {};
  return { ok: false, of, meter: stoppedBy, limit: limit ?? 0, periodSeconds, resetMs };
}
