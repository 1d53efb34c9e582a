import type { Context } from "#platform/context";
import { callObject } from "#platform/lease/call-object";
import { callerOf } from "#platform/lease/caller";
import { LEASE_LIFE_MS } from "#platform/lease/exchange";
import { type Caller, LeaseHolder } from "#platform/lease/holder";
import { Registry } from "#platform/lease/registry";
import type { CountedMeter, QuotaCounterApi, QuotaExchange, QuotaGrant } from "#platform/objects/quota-counter";
import { workspaceObject } from "#platform/placement";

/** Milliseconds after which a used-up quota is looked at again: the plan may have been changed. */
const DENIAL_MS = 5_000;

/** Whose use is counted: a workspace's, or besides that of one of its apps. */
export interface CounterName {
  readonly workspaceId: string;
  /** `null`: the workspace's own counter. */
  readonly appId: string | null;
}

/** What this isolate holds of a counter's requests, and what it has still to tell. */
class Quota {
  readonly holder = new LeaseHolder<QuotaGrant>({ policy: "quota", lifeMs: LEASE_LIFE_MS, denialMs: DENIAL_MS });
  #untold: Partial<Record<CountedMeter, number>> = {};

  note(meter: CountedMeter, quantity: number): void {
    this.#untold[meter] = (this.#untold[meter] ?? 0) + quantity;
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

/** One request's hold on one counter. */
export interface QuotaHold {
  readonly quota: Quota;
  readonly caller: Caller<QuotaGrant>;
}

export function quotaOf(ctx: Context, name: CounterName): QuotaHold {
  const quota = quotas.of(ctx.env.QUOTA_COUNTER, counterName(name));
  const caller = callerOf<QuotaGrant>(
    ctx,
    // What is brought along is not brought again when the call fails: it may have arrived. Reconciliation makes up for it.
    (exchange) => {
      const request = { ...exchange, adjustments: quota.takeUntold() };
      return callCounter(ctx, name, (counter) => counter.take(request));
    },
    () => quota.hasUntold(),
  );
  return { quota, caller };
}

/** Calls a counter; `call` must be safe to repeat. Errors: `upstream_unavailable`, `database_unavailable`. */
export function callCounter<T>(ctx: Context, name: CounterName, call: (counter: QuotaCounterApi) => Promise<T>): Promise<T> {
  const what = name.appId === null ? "The workspace's quota" : "The app's budget";
  return callObject(async () => call(await workspaceObject(ctx, ctx.env.QUOTA_COUNTER, name.workspaceId, counterName(name))), what);
}

function counterName({ workspaceId, appId }: CounterName): string {
  return appId === null ? workspaceId : `${workspaceId}:${appId}`;
}

/** Whose counter an object of this name is. */
export function readCounterName(name: string): CounterName {
  const [workspaceId = "", appId = null] = name.split(":");
  return { workspaceId, appId };
}
