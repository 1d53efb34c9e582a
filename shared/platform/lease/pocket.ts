import { LEASE_GRACE_MS, type Settlement } from "./exchange.ts";

/** Units out of one grant, as the isolate knows them. `later + left` never changes. */
interface Lease {
  readonly id: string;
  /** On the isolate's own clock, counted from before it asked. */
  readonly expiresAt: number;
  /** What the counter believes while it hears nothing: so many were spent on arrival. */
  readonly granted: number;
  readonly extra: number;
  /** Spent on arrival and not given back since. */
  arrival: number;
  later: number;
  left: number;
  reported: boolean;
}

/** A spent unit, for whoever may have to give it back. */
export interface Unit {
  readonly lease: Lease;
  readonly kind: "arrival" | "later";
  refunded: boolean;
}

interface Unreported {
  readonly settlement: Settlement;
  /** From then on the counter has given up on it. */
  readonly forgetAt: number;
}

/** The units an isolate has of one counter, and what it still has to tell about them. */
export class Pocket {
  #leases: Lease[] = [];
  #unreported: Unreported[] = [];

  /** Units at hand that can still be spent `aheadMs` from now. */
  size(now: number, aheadMs = 0): number {
    let units = 0;
    for (const lease of this.#leases) if (lease.expiresAt > now + aheadMs) units += lease.left;
    return units;
  }

  /** Puts a grant in. Returns the units for those who waited for it: they are spent, however late the answer came. */
  fill(id: string, granted: number, extra: number, expiresAt: number): Unit[] {
    if (granted + extra === 0) return [];
    const lease: Lease = { id, expiresAt, granted, extra, arrival: granted, later: 0, left: extra, reported: false };
    this.#leases.push(lease);
    return Array.from({ length: granted }, () => ({ lease, kind: "arrival", refunded: false }));
  }

  /** Spends the unit that would expire first. */
  spend(now: number): Unit | undefined {
    const lease = this.#leases.find((candidate) => candidate.left > 0 && candidate.expiresAt > now);
    if (!lease) return undefined;
    lease.left -= 1;
    lease.later += 1;
    return { lease, kind: "later", refunded: false };
  }

  /**
   * Gives a unit back; `false` when its lease is over or reported (or it was given back before). A unit in advance is at
   * hand again. One that was spent on arrival goes back to the counter: there it counts from its grant, so if it were
   * spent again here and the report got lost, it would leave the window before its time.
   */
  refund(unit: Unit, now: number): boolean {
    if (unit.refunded || unit.lease.reported || unit.lease.expiresAt <= now) return false;
    unit.refunded = true;
    unit.lease[unit.kind] -= 1;
    if (unit.kind === "later") unit.lease.left += 1;
    return true;
  }

  /** Takes out the reports that are due: of leases that are spent or over, or of all. */
  report(now: number, which: "finished" | "all"): Settlement[] {
    const settlements = this.#unreported.filter((entry) => entry.forgetAt > now).map((entry) => entry.settlement);
    this.#unreported = [];
    const closing = this.#leases.filter((lease) => which === "all" || lease.expiresAt <= now || isUsedUp(lease));
    this.#leases = this.#leases.filter((lease) => !closing.includes(lease));
    for (const lease of closing) {
      lease.reported = true;
      if (isNews(lease)) settlements.push({ id: lease.id, arrival: lease.arrival, later: lease.later });
    }
    return settlements;
  }

  /** Takes back reports whose call failed. */
  unreported(settlements: readonly Settlement[], expiresAt: number): void {
    const forgetAt = expiresAt + LEASE_GRACE_MS;
    this.#unreported.push(...settlements.map((settlement) => ({ settlement, forgetAt })));
  }

  owesReport(): boolean {
    return this.#unreported.length > 0 || this.#leases.some(isNews);
  }

  /** Whether a report is due that ought to have gone before `since`. */
  isOverdue(since: number): boolean {
    return this.#unreported.length > 0 || this.#leases.some((lease) => lease.expiresAt <= since && isNews(lease));
  }
}

/** Nothing is left of it. A grant without units in advance stays while one of its units may still be given back. */
function isUsedUp(lease: Lease): boolean {
  return lease.left === 0 && (lease.extra > 0 || lease.arrival === 0);
}

/** A grant without units in advance that was spent as it came is what the counter believes anyway. */
function isNews(lease: Lease): boolean {
  return lease.extra > 0 || lease.arrival < lease.granted;
}
