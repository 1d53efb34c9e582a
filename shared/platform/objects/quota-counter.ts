import type { Exchange, Grant } from "#platform/lease/exchange";
import type { Meter } from "#platform/schema";

/** The meters that stop a run while it is asked for; the others are billed from the ledger alone. */
export type CountedMeter = Extract<Meter, "requests" | "tokens">;

export interface QuotaExchange extends Exchange {
  /** Use known only after the fact (tokens), and requests given back after their lease was reported (negative). */
  readonly adjustments: Readonly<Partial<Record<CountedMeter, number>>>;
}

export interface QuotaGrant extends Grant {
  /** Requests a period; `null` is unlimited. */
  readonly limit: number | null;
  /** Seconds in the period. */
  readonly periodSeconds: number;
  /** Tokens left in the period; `Infinity` when unlimited. */
  readonly tokensLeft: number;
}

interface MeterCount {
  /** Units a period; `null` is unlimited. */
  readonly limit: number | null;
  /** Units spent. */
  readonly used: number;
  /** Units lent to isolates, neither spent nor free yet. */
  readonly reserved: number;
}

export interface QuotaCounts {
  /** Milliseconds since the Unix epoch. */
  readonly periodStart: number;
  readonly periodEnd: number;
  readonly planCode: string;
  readonly meters: Readonly<Record<CountedMeter, MeterCount>>;
}

export interface Reconciliation {
  /** Whether the counter now equals the ledger; otherwise the counter was busy and should be asked again later. */
  readonly settled: boolean;
  /** What the counter said before. */
  readonly counted: number;
}

/** The use of one workspace in its billing period. Named by the workspace id. */
export interface QuotaCounterApi {
  /** Settles finished leases and takes requests out of the period's quota, in one durable write. */
  take(exchange: QuotaExchange): Promise<QuotaGrant>;
  /** Reads the plan and the period again now; call it after a change of plan. */
  refresh(): Promise<void>;
  counts(): Promise<QuotaCounts>;
  /**
   * Sets a meter of the current period to what the ledger says. Refused while units are lent out; a lower figure also
   * while something was spent in the last `quietMs` milliseconds, because its record may still be on its way.
   */
  reconcile(meter: CountedMeter, periodStart: number, ledgerQuantity: number, quietMs: number): Promise<Reconciliation>;
}
