import { type Exchange, type Grant, LEASE_GRACE_MS, type Settlement } from "./exchange.ts";

/** Where spent units are counted: in a sliding window (`SlidingLog`) or in a billing period. Times are the counter's own. */
export interface Tally {
  /** Units that count against the limit at `now`. */
  used(now: number): number;
  add(units: number, at: number): void;
  /** Takes back units that were added for `at`. */
  remove(units: number, at: number): void;
  /** Milliseconds from `now` until spent units stop counting. */
  nextReset(now: number): number;
}

/** Units out of the counter's hands. */
export interface OpenLease {
  readonly id: string;
  readonly at: number;
  /** When its units count as spent if nothing was heard. */
  readonly forfeitAt: number;
  /** Units granted to those who waited: in the tally already, at `at`. */
  readonly arrival: number;
  /** Units lent in advance: not in the tally, yet out of reach. */
  readonly held: number;
}

/** Of what is left after those who wait, the part that one isolate may have in advance: small remainders stay in the counter. */
const SHARE_IN_ADVANCE = 4;

/**
 * The counter's side of leases. At every instant: units in the tally + units held by isolates <= the limit, and a unit
 * that may have been spent is in one of the two. So nothing is ever admitted twice, whatever is lost on the way:
 *
 * - those who wait are admitted at the instant of the grant;
 * - units in advance are held until their report comes; the spent ones enter the tally then (not earlier than they were
 *   spent, so they leave the window not earlier than they should);
 * - a lease that is not reported by the end of its life and grace is taken for spent.
 */
export class LeaseBook {
  readonly #tally: Tally;
  /** Leases that matter to the count, or must be recognised after an eviction: written down. */
  readonly #lent: Map<string, OpenLease>;
  /** Grants without units in advance: remembered for a refund or a repeated call, in order of time. */
  readonly #recent = new Map<string, OpenLease>();

  constructor(tally: Tally, lent: readonly OpenLease[] = []) {
    this.#tally = tally;
    this.#lent = new Map(lent.map((lease) => [lease.id, lease]));
  }

  /** Leases to write down. */
  lent(): OpenLease[] {
    return [...this.#lent.values()];
  }

  /** Units lent in advance. */
  held(): number {
    let held = 0;
    for (const lease of this.#lent.values()) held += lease.held;
    return held;
  }

  /** Whether this exchange was answered already and its answer got lost. */
  knows(id: string): boolean {
    return this.#lent.has(id) || this.#recent.has(id);
  }

  /** Ends the leases whose report did not come. */
  forfeit(now: number): void {
    for (const lease of this.#recent.values()) {
      if (lease.forfeitAt > now) break;
      this.#recent.delete(lease.id);
    }
    for (const lease of this.#lent.values()) {
      if (lease.forfeitAt > now) continue;
      this.#lent.delete(lease.id);
      if (lease.held > 0) this.#tally.add(lease.held, lease.forfeitAt);
    }
  }

  /**
   * Settles, then grants within `capacity` (`Infinity` without a limit). `durable` asks for a repeated call to be
   * recognised even after an eviction.
   */
  exchange(request: Exchange, capacity: number, now: number, durable = false): Grant {
    this.forfeit(now);
    for (const settlement of request.settled) this.#settle(settlement, now);
    const repeated = this.#lent.get(request.id) ?? this.#recent.get(request.id);
    if (repeated) return this.#answer(repeated, capacity, now);

    const room = this.#room(capacity, now);
    const arrival = Math.min(request.needed, room);
    const held = Math.min(request.extra, Math.floor((room - arrival) / SHARE_IN_ADVANCE));
    if (arrival > 0) this.#tally.add(arrival, now);
    const lease = { id: request.id, at: now, forfeitAt: now + request.lifeMs + LEASE_GRACE_MS, arrival, held };
    if (held > 0 || durable) this.#lent.set(lease.id, lease);
    else if (arrival > 0) this.#recent.set(lease.id, lease);
    return this.#answer(lease, capacity, now);
  }

  #settle({ id, arrival, later }: Settlement, now: number): void {
    const lease = this.#lent.get(id) ?? this.#recent.get(id);
    if (!lease) return;
    this.#lent.delete(id);
    this.#recent.delete(id);
    const kept = Math.min(arrival, lease.arrival);
    if (kept < lease.arrival) this.#tally.remove(lease.arrival - kept, lease.at);
    const spent = Math.min(later, lease.arrival + lease.held - kept);
    if (spent > 0) this.#tally.add(spent, now);
  }

  #room(capacity: number, now: number): number {
    return Math.max(0, capacity - this.#tally.used(now) - this.held());
  }

  #answer(lease: OpenLease, capacity: number, now: number): Grant {
    return { granted: lease.arrival, extra: lease.held, remaining: this.#room(capacity, now), resetMs: this.#nextReset(now) };
  }

  /** Units come back when spent ones leave the tally, or from a lease. */
  #nextReset(now: number): number {
    let reset = this.#tally.nextReset(now);
    for (const lease of this.#lent.values()) if (lease.held > 0) reset = Math.min(reset, lease.forfeitAt - now);
    return reset;
  }
}
