import { type OpenPeriod, periodFrom } from "#billing";
import { LeaseBook, type Tally } from "#platform/lease/book";
import type { CountedMeter, QuotaCounts, QuotaExchange, QuotaGrant, Reconciliation } from "#platform/objects/quota-counter";
import type { AccountState } from "./state.ts";

/** What a workspace used in its current period, what is lent out, and what its plan allows. Pure: times come from outside. */
export class Account {
  #period: Omit<AccountState, "used" | "spentAt" | "leases">;
  #used: Record<CountedMeter, number>;
  #spentAt: number;
  readonly #book: LeaseBook;

  constructor({ used, spentAt, leases, ...period }: AccountState) {
    this.#period = period;
    this.#used = { ...used };
    this.#spentAt = spentAt;
    this.#book = new LeaseBook(this.#requests(), leases);
  }

  /** A workspace that has not been counted before. */
  static opened(period: OpenPeriod): Account {
    return new Account({ ...period, used: { requests: 0, tokens: 0 }, spentAt: 0, leases: [] });
  }

  state(): AccountState {
    return { ...this.#period, used: { ...this.#used }, spentAt: this.#spentAt, leases: this.#book.lent() };
  }

  /**
   * Opens the next period when this one is over; `true` if so. Needs nobody: periods follow from the anchor, and the plan
   * goes on until something else is heard.
   */
  roll(now: number): boolean {
    if (now < this.#period.periodEnd) return false;
    this.#book.forfeit(now);
    this.#period = { ...this.#period, ...periodFrom(this.#period.periodEnd, this.#period, now) };
    this.#used = { requests: 0, tokens: 0 };
    return true;
  }

  /** Follows the plan in force. An answer about a period that is over brings its limits alone. */
  learn({ planCode, limits, anchorDay, timeZone, periodStart, periodEnd }: OpenPeriod, now: number): void {
    this.#period = { ...this.#period, planCode, limits: { requests: limits.requests, tokens: limits.tokens }, anchorDay, timeZone };
    if (periodEnd <= now) return;
    if (periodStart > this.#period.periodStart) this.#used = { requests: 0, tokens: 0 };
    this.#period = { ...this.#period, periodStart, periodEnd };
  }

  take(exchange: QuotaExchange, now: number): QuotaGrant {
    const { limits, periodStart, periodEnd } = this.#period;
    const adjusts = Object.keys(exchange.adjustments).length > 0;
    if (adjusts && !this.#book.knows(exchange.id)) this.#adjust(exchange.adjustments, now);
    const grant = this.#book.exchange(exchange, limits.requests ?? Number.POSITIVE_INFINITY, now, adjusts);
    if (grant.granted + grant.extra > 0) this.#spentAt = now;
    return {
      ...grant,
      limit: limits.requests,
      periodSeconds: (periodEnd - periodStart) / 1_000,
      tokensLeft: Math.max(0, (limits.tokens ?? Number.POSITIVE_INFINITY) - this.#used.tokens),
    };
  }

  counts(now: number): QuotaCounts {
    this.#book.forfeit(now);
    const { periodStart, periodEnd, planCode, limits } = this.#period;
    return {
      periodStart,
      periodEnd,
      planCode,
      meters: {
        requests: { limit: limits.requests, used: this.#used.requests, reserved: this.#book.held() },
        tokens: { limit: limits.tokens, used: this.#used.tokens, reserved: 0 },
      },
    };
  }

  /** See {@link QuotaCounterApi.reconcile}. */
  reconcile(meter: CountedMeter, periodStart: number, quantity: number, quietMs: number, now: number): Reconciliation {
    this.#book.forfeit(now);
    const counted = this.#used[meter];
    const busy = this.#book.held() > 0 || (quantity < counted && now - this.#spentAt < quietMs);
    if (busy || periodStart !== this.#period.periodStart) return { settled: false, counted };
    this.#used[meter] = quantity;
    return { settled: true, counted };
  }

  #adjust(adjustments: QuotaExchange["adjustments"], now: number): void {
    const { requests = 0, tokens = 0 } = adjustments;
    this.#used.requests = Math.max(0, this.#used.requests + requests);
    this.#used.tokens = Math.max(0, this.#used.tokens + tokens);
    this.#spentAt = now;
  }

  /** What happened before this period began is not this period's. */
  #requests(): Tally {
    const counts = (at: number) => at >= this.#period.periodStart;
    return {
      used: () => this.#used.requests,
      add: (units, at) => {
        if (counts(at)) this.#used.requests += units;
      },
      remove: (units, at) => {
        if (counts(at)) this.#used.requests = Math.max(0, this.#used.requests - units);
      },
      nextReset: (now) => this.#period.periodEnd - now,
    };
  }
}
