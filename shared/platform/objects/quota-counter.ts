import type { Exchange, Grant } from "#platform/lease/exchange";
import type { Meter } from "#platform/schema";

/** The meters that are counted before they are used. */
export const COUNTED_METERS = ["requests", "tokens"] as const satisfies readonly Meter[];
export type CountedMeter = (typeof COUNTED_METERS)[number];

/** The meters of which a run's use is known once it has ended: the counter reads them from the ledger. */
export const RECORDED_METERS = ["egress_bytes", "run_ms"] as const satisfies readonly Meter[];
export type RecordedMeter = (typeof RECORDED_METERS)[number];

/** The meters that can refuse a run. */
export type StoppingMeter = CountedMeter | RecordedMeter;

export interface QuotaExchange extends Exchange {
  /** Use known only after the fact (tokens), and requests given back after their lease was reported (negative). */
  readonly adjustments: Readonly<Partial<Record<CountedMeter, number>>>;
}

export interface QuotaGrant extends Grant {
  /** What refuses a request, if one is refused. */
  readonly stoppedBy: Exclude<StoppingMeter, "tokens">;
  /** Units of that meter a period; `null`: it stops nobody. */
  readonly limit: number | null;
  /** Seconds in the period. */
  readonly periodSeconds: number;
  /** Whether tokens are to be reserved before a model is asked; otherwise it is enough to tell of them afterwards. */
  readonly reservesTokens: boolean;
  /** The apps of the workspace that have counters of their own besides. */
  readonly budgetedApps: readonly string[];
}

/** What came of asking for tokens. */
export type ReservationAnswer =
  | { readonly ok: true }
  /** Tokens a period, those that are neither used nor reserved, and milliseconds to the next period. */
  | { readonly ok: false; readonly limit: number; readonly left: number; readonly resetMs: number };

interface MeterCount {
  /** Units a period that the plan includes, or that the budget allows; `null` is unlimited. */
  readonly limit: number | null;
  /** Whether nothing is admitted beyond the limit. Otherwise what is beyond it has a price. */
  readonly hard: boolean;
  /** Units spent. */
  readonly used: number;
  /** Units lent to isolates or reserved for calls under way, neither spent nor free yet. */
  readonly reserved: number;
}

export interface QuotaCounts {
  /** Milliseconds since the Unix epoch. */
  readonly periodStart: number;
  readonly periodEnd: number;
  readonly planCode: string;
  readonly meters: Readonly<Record<CountedMeter, MeterCount> & Partial<Record<RecordedMeter, MeterCount>>>;
}

export interface Reconciliation {
  /** Whether the counter now equals the ledger; otherwise the counter was busy and should be asked again later. */
  readonly settled: boolean;
  /** What the counter said before. */
  readonly counted: number;
}

/**
 * What one workspace uses in its billing period, or one app of it that has a budget. Named by the workspace's id, or by
 * `<workspace id>:<app id>`.
 */
export interface QuotaCounterApi {
  /** Settles finished leases and takes requests out of the period's quota, in one durable write. */
  take(exchange: QuotaExchange): Promise<QuotaGrant>;
  /** Takes the most tokens that a call can use out of reach of all others. Repeating it under its id changes nothing. */
  reserve(id: string, tokens: number): Promise<ReservationAnswer>;
  /** Counts what the call has used and lets go of the rest. Repeating it is harmless. */
  settle(id: string, used: number): Promise<void>;
  /** Reads the plan or the budget, and the period, again now; call it after a change. */
  refresh(): Promise<void>;
  counts(): Promise<QuotaCounts>;
  /**
   * Sets a meter of the current period to what the ledger says. Refused while units are lent out; a lower figure also
   * while something was spent in the last `quietMs` milliseconds, because its record may still be on its way.
   */
  reconcile(meter: CountedMeter, periodStart: number, ledgerQuantity: number, quietMs: number): Promise<Reconciliation>;
}
