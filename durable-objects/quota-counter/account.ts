import { periodFrom, type QuotaNotice, type QuotaTerms } from "#billing";
import { LeaseBook, type Tally } from "#platform/lease/book";
import {
  COUNTED_METERS,
  type CountedMeter,
  type QuotaCounts,
  type QuotaExchange,
  type QuotaGrant,
  RECORDED_METERS,
  type Reconciliation,
  type ReservationAnswer,
  type StoppingMeter,
} from "#platform/objects/quota-counter";
import { dueNotices, noticeName } from "./notices.ts";
import type { AccountState } from "./state.ts";
import { TokenReservations } from "./token-reservations.ts";

type Terms = Omit<QuotaTerms, "alreadyUsed">;

/** What was used in the current period, what is lent out or reserved, and what is allowed. Pure: times come from outside. */
export class Account {
  #terms: Terms;
  #used: Record<CountedMeter, number>;
  #spentAt: number;
  readonly #book: LeaseBook;
  readonly #reservations: TokenReservations;
  #noticed: Set<string>;

  constructor({ used, spentAt, leases, reservations, noticed, stops, ...terms }: AccountState) {
    this.#terms = { ...terms, stops: stops ?? terms.limits };
    this.#used = { ...used };
    this.#spentAt = spentAt;
    this.#book = new LeaseBook(this.#requests(), leases);
    this.#reservations = new TokenReservations(reservations);
    this.#noticed = new Set(noticed);
  }

  /** What has not been counted before. */
  static opened({ alreadyUsed, ...terms }: QuotaTerms): Account {
    return new Account({ ...writable(terms), used: { ...alreadyUsed }, spentAt: 0, leases: [], reservations: [], noticed: [] });
  }

  state(): AccountState {
    return {
      ...writable(this.#terms),
      used: { ...this.#used },
      spentAt: this.#spentAt,
      leases: this.#book.lent(),
      reservations: this.#reservations.list(),
      noticed: [...this.#noticed],
    };
  }

  /**
   * Opens the next period when this one is over; `true` if so. Needs nobody: periods follow from the anchor, and the plan
   * goes on until something else is heard.
   */
  roll(now: number): boolean {
    if (now < this.#terms.periodEnd) return false;
    this.#book.forfeit(now);
    this.#begin({ ...this.#terms, ...periodFrom(this.#terms.periodEnd, this.#terms, now), recorded: { egress_bytes: 0, run_ms: 0 } });
    return true;
  }

  /** Follows the terms in force. An answer about a period that is over brings its limits alone. */
  learn({ alreadyUsed: _, ...terms }: QuotaTerms, now: number): void {
    const { periodStart, periodEnd, recorded } = this.#terms;
    if (terms.periodEnd <= now) this.#terms = { ...terms, periodStart, periodEnd, recorded };
    else if (terms.periodStart > periodStart) this.#begin(terms);
    else this.#terms = terms;
  }

  take(exchange: QuotaExchange, now: number): QuotaGrant {
    const { stops, periodStart, periodEnd, budgetedApps } = this.#terms;
    const adjusts = Object.keys(exchange.adjustments).length > 0;
    if (adjusts && !this.#book.knows(exchange.id)) this.#adjust(exchange.adjustments, now);
    const usedUp = RECORDED_METERS.find((meter) => this.#terms.recorded[meter] >= (stops[meter] ?? Number.POSITIVE_INFINITY));
    const stoppedBy = usedUp ?? "requests";
    const capacity = usedUp ? 0 : (stops.requests ?? Number.POSITIVE_INFINITY);
    const grant = this.#book.exchange(exchange, capacity, now, adjusts);
    if (grant.granted + grant.extra > 0) this.#spentAt = now;
    return {
      ...grant,
      stoppedBy,
      limit: stops[stoppedBy],
      periodSeconds: (periodEnd - periodStart) / 1_000,
      reservesTokens: stops.tokens !== null,
      budgetedApps,
    };
  }

  /**
   * See {@link QuotaCounterApi.reserve}. At every instant: tokens used + tokens reserved <= the limit. Whoever asks though there
   * is none has heard of an earlier plan, and is counted when it settles.
   */
  reserve(id: string, tokens: number, now: number): ReservationAnswer {
    if (this.#reservations.has(id)) return { ok: true };
    const limit = this.#terms.stops.tokens;
    const left = Math.max(0, (limit ?? Number.POSITIVE_INFINITY) - this.#used.tokens - this.#reservations.total);
    if (limit !== null && tokens > left) return { ok: false, limit, left, resetMs: this.#terms.periodEnd - now };
    this.#reservations.add({ id, tokens, at: now });
    return { ok: true };
  }

  /** See {@link QuotaCounterApi.settle}. What a call of the last period used is the last period's. */
  settle(id: string, used: number, now: number): void {
    const reservation = this.#reservations.close(id);
    if (!reservation || reservation.at < this.#terms.periodStart) return;
    this.#adjust({ tokens: used }, now);
  }

  /** When a reservation will be abandoned, if there is any. */
  watchFrom(): number | undefined {
    return this.#reservations.firstEnd();
  }

  /** Whether reservations have been abandoned: what their calls used, only the ledger can say. */
  hasAbandoned(now: number): boolean {
    return this.#reservations.abandoned(now).length > 0;
  }

  /** Lets go of what was abandoned; what the ledger holds of it, in the period that began then, counts as used. */
  giveUpAbandoned(ledgerTokens: number, periodStart: number, now: number): void {
    for (const { id } of this.#reservations.abandoned(now)) this.#reservations.close(id);
    if (periodStart === this.#terms.periodStart) this.#used.tokens = Math.max(this.#used.tokens, ledgerTokens);
  }

  /** The notices that are to be given now. */
  dueNotices(): QuotaNotice[] {
    const { limits, recorded } = this.#terms;
    const used: Record<StoppingMeter, number> = { ...this.#used, ...recorded };
    const readings = [...COUNTED_METERS, ...RECORDED_METERS].map((meter) => ({ meter, used: used[meter], limit: limits[meter] }));
    return dueNotices(readings, this.#noticed);
  }

  /** They have been given, in the period that began then. */
  notice(notices: readonly QuotaNotice[], periodStart: number): void {
    if (periodStart !== this.#terms.periodStart) return;
    for (const notice of notices) this.#noticed.add(noticeName(notice));
  }

  get period(): Pick<Terms, "periodStart" | "periodEnd"> {
    return this.#terms;
  }

  counts(now: number): QuotaCounts {
    this.#book.forfeit(now);
    const { periodStart, periodEnd, planCode, limits, stops, recorded } = this.#terms;
    const terms = (meter: StoppingMeter) => ({ limit: limits[meter], hard: stops[meter] !== null });
    const stopping = RECORDED_METERS.filter((meter) => stops[meter] !== null);
    return {
      periodStart,
      periodEnd,
      planCode,
      meters: {
        requests: { ...terms("requests"), used: this.#used.requests, reserved: this.#book.held() },
        tokens: { ...terms("tokens"), used: this.#used.tokens, reserved: this.#reservations.total },
        ...Object.fromEntries(stopping.map((meter) => [meter, { ...terms(meter), used: recorded[meter], reserved: 0 }])),
      },
    };
  }

  /** See {@link QuotaCounterApi.reconcile}. */
  reconcile(meter: CountedMeter, periodStart: number, quantity: number, quietMs: number, now: number): Reconciliation {
    this.#book.forfeit(now);
    const counted = this.#used[meter];
    const isOut = meter === "requests" ? this.#book.held() > 0 : this.#reservations.total > 0;
    const busy = isOut || (quantity < counted && now - this.#spentAt < quietMs);
    if (busy || periodStart !== this.#terms.periodStart) return { settled: false, counted };
    this.#used[meter] = quantity;
    return { settled: true, counted };
  }

  #begin(terms: Terms): void {
    this.#terms = terms;
    this.#used = { requests: 0, tokens: 0 };
    this.#noticed = new Set();
  }

  #adjust(adjustments: QuotaExchange["adjustments"], now: number): void {
    const { requests = 0, tokens = 0 } = adjustments;
    this.#used.requests = Math.max(0, this.#used.requests + requests);
    this.#used.tokens = Math.max(0, this.#used.tokens + tokens);
    this.#spentAt = now;
  }

  /** What happened before this period began is not this period's. */
  #requests(): Tally {
    const counts = (at: number) => at >= this.#terms.periodStart;
    return {
      used: () => this.#used.requests,
      add: (units, at) => {
        if (counts(at)) this.#used.requests += units;
      },
      remove: (units, at) => {
        if (counts(at)) this.#used.requests = Math.max(0, this.#used.requests - units);
      },
      nextReset: (now) => this.#terms.periodEnd - now,
    };
  }
}

/** The terms as the state holds them: what it has of the meters, and lists of its own. */
function writable({ planCode, periodStart, periodEnd, anchorDay, timeZone, limits, stops, recorded, budgetedApps }: Terms) {
  return {
    planCode,
    periodStart,
    periodEnd,
    anchorDay,
    timeZone,
    limits: { ...limits },
    stops: { ...stops },
    recorded: { ...recorded },
    budgetedApps: [...budgetedApps],
  };
}
