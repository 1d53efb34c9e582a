import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { monthOf, type QuotaTerms } from "#billing";
import type { QuotaExchange } from "#platform/objects/quota-counter";
import { Account } from "./account.ts";
import { RESERVATION_LIFE_MS } from "./token-reservations.ts";

const MAY = Date.UTC(2026, 4, 10);
const JUNE = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;

function period(now: number, requests: number | null, planCode = "team"): QuotaTerms {
  const limits = { requests, tokens: 1_000, egress_bytes: null, run_ms: null };
  return {
    ...monthOf(now),
    anchorDay: 1,
    timeZone: "UTC",
    planCode,
    limits,
    stops: limits,
    budgetedApps: [],
    recorded: { egress_bytes: 0, run_ms: 0 },
    alreadyUsed: { requests: 0, tokens: 0 },
  };
}

/** A plan with a price for what is beyond its limits. */
function priced(now: number, requests: number): QuotaTerms {
  const terms = period(now, requests);
  return { ...terms, stops: { requests: null, tokens: null, egress_bytes: null, run_ms: null } };
}

let count = 0;
function exchange(rest: Partial<QuotaExchange> = {}): QuotaExchange {
  count += 1;
  return { id: `lease-${count}`, needed: 0, extra: 0, lifeMs: 3_000, settled: [], adjustments: {}, ...rest };
}

function used(account: Account, now: number) {
  const { requests, tokens } = account.counts(now).meters;
  return { requests: requests.used, reserved: requests.reserved, tokens: tokens.used };
}

describe("Account", () => {
  it("stops hard at the plan's limit and says when it ends", () => {
    const account = Account.opened(period(MAY, 5));
    expect(account.take(exchange({ needed: 8 }), MAY)).toMatchObject({ granted: 5, remaining: 0, limit: 5, resetMs: JUNE - MAY });
  });

  it("counts lent units apart from spent ones", () => {
    const account = Account.opened(period(MAY, 100));
    const lease = exchange({ needed: 1, extra: 20 });
    account.take(lease, MAY);
    expect(used(account, MAY)).toEqual({ requests: 1, reserved: 20, tokens: 0 });
    account.take(exchange({ settled: [{ id: lease.id, arrival: 1, later: 7 }] }), MAY + 10);
    expect(used(account, MAY + 10)).toEqual({ requests: 8, reserved: 0, tokens: 0 });
  });

  it("counts without a limit", () => {
    const account = Account.opened(period(MAY, null));
    expect(account.take(exchange({ needed: 500 }), MAY)).toMatchObject({ granted: 500, limit: null });
    expect(used(account, MAY).requests).toBe(500);
  });

  it("takes tokens and late refunds once, also when the call is repeated after an eviction", () => {
    const account = Account.opened(period(MAY, 100));
    account.take(exchange({ needed: 3 }), MAY);
    const told = exchange({ adjustments: { requests: -1, tokens: 40 } });
    account.take(told, MAY);
    const revived = new Account(account.state());
    revived.take(told, MAY + 50);
    expect(used(revived, MAY)).toEqual({ requests: 2, reserved: 0, tokens: 40 });
  });

  it("begins a new month by itself, on the same plan", () => {
    const account = Account.opened(period(MAY, 5));
    account.take(exchange({ needed: 5, adjustments: { tokens: 10 } }), MAY);
    expect(account.roll(JUNE - 1)).toBe(false);
    expect(account.roll(JUNE)).toBe(true);
    expect(account.counts(JUNE)).toMatchObject({ periodStart: JUNE, periodEnd: Date.UTC(2026, 6, 1), planCode: "team" });
    expect(used(account, JUNE)).toEqual({ requests: 0, reserved: 0, tokens: 0 });
    expect(account.take(exchange({ needed: 6 }), JUNE)).toMatchObject({ granted: 5 });
  });

  it("begins the next period where its workspace's anchor says", () => {
    const account = Account.opened({ ...period(MAY, 5), anchorDay: 31, timeZone: "America/New_York" });
    expect(account.roll(JUNE)).toBe(true);
    // From the end of May in UTC, where the period before ended, to the end of June in New York.
    expect(account.counts(JUNE)).toMatchObject({ periodStart: JUNE, periodEnd: Date.UTC(2026, 5, 30, 4) });
  });

  it("keeps units lent before midnight out of the new month's reach until they are settled", () => {
    const account = Account.opened(period(MAY, 100));
    const lease = exchange({ needed: 10, extra: 20 });
    account.take(lease, JUNE - 100);
    account.roll(JUNE);
    expect(account.take(exchange({ needed: 100 }), JUNE + 100)).toMatchObject({ granted: 80 });
    account.take(exchange({ settled: [{ id: lease.id, arrival: 9, later: 15 }] }), JUNE + 200);
    expect(used(account, JUNE + 200)).toEqual({ requests: 95, reserved: 0, tokens: 0 });
  });

  it("follows a change of plan, and a late answer about the month before only in its limits", () => {
    const account = Account.opened(period(MAY, 5));
    account.take(exchange({ needed: 5 }), MAY);
    account.learn(period(MAY, 8, "business"), MAY);
    expect(account.take(exchange({ needed: 5 }), MAY)).toMatchObject({ granted: 3 });
    account.roll(JUNE);
    account.learn(period(MAY, 9, "business"), JUNE);
    expect(account.counts(JUNE)).toMatchObject({ periodStart: JUNE, planCode: "business" });
    expect(account.take(exchange({ needed: 10 }), JUNE)).toMatchObject({ granted: 9 });
  });

  it("agrees with the ledger when nothing is lent and nothing on its way", () => {
    const account = Account.opened(period(MAY, 100));
    const { periodStart } = monthOf(MAY);
    const lease = exchange({ needed: 10, extra: 8 });
    account.take(lease, MAY);
    expect(account.reconcile("requests", periodStart, 12, HOUR, MAY)).toEqual({ settled: false, counted: 10 });
    account.take(exchange({ settled: [{ id: lease.id, arrival: 10, later: 0 }] }), MAY);
    expect(account.reconcile("requests", periodStart, 12, HOUR, MAY)).toEqual({ settled: true, counted: 10 });
    expect(account.reconcile("requests", periodStart, 9, HOUR, MAY + 1)).toEqual({ settled: false, counted: 12 });
    expect(account.reconcile("requests", periodStart, 9, HOUR, MAY + HOUR)).toEqual({ settled: true, counted: 12 });
    expect(account.reconcile("requests", JUNE, 1, HOUR, MAY + HOUR)).toEqual({ settled: false, counted: 9 });
  });
});

describe("tokens", () => {
  it("are refused to whoever may need more than is left, until others have settled", () => {
    const account = Account.opened(period(MAY, 5));
    expect(account.reserve("a", 700, MAY)).toEqual({ ok: true });
    expect(account.reserve("b", 400, MAY)).toEqual({ ok: false, limit: 1_000, left: 300, resetMs: JUNE - MAY });
    account.settle("a", 100, MAY + 1_000);
    expect(account.reserve("b", 400, MAY + 1_000)).toEqual({ ok: true });
    expect(account.counts(MAY).meters.tokens).toEqual({ limit: 1_000, hard: true, used: 100, reserved: 400 });
  });

  it("are reserved and settled once, however often that is said", () => {
    const account = Account.opened(period(MAY, 5));
    account.reserve("a", 700, MAY);
    expect(account.reserve("a", 700, MAY)).toEqual({ ok: true });
    account.settle("a", 100, MAY);
    account.settle("a", 100, MAY);
    account.settle("unknown", 100, MAY);
    expect(account.counts(MAY).meters.tokens).toMatchObject({ used: 100, reserved: 0 });
  });

  it("that nobody settled count only as far as the ledger has them", () => {
    const account = Account.opened(period(MAY, 5));
    account.reserve("a", 300, MAY);
    account.reserve("b", 300, MAY + 1_000);
    const revived = new Account(account.state());
    expect(revived.hasAbandoned(MAY + RESERVATION_LIFE_MS - 1)).toBe(false);
    expect(revived.hasAbandoned(MAY + RESERVATION_LIFE_MS)).toBe(true);
    revived.giveUpAbandoned(80, revived.period.periodStart, MAY + RESERVATION_LIFE_MS);
    expect(revived.counts(MAY).meters.tokens).toMatchObject({ used: 80, reserved: 300 });
    expect(revived.watchFrom()).toBe(MAY + 1_000 + RESERVATION_LIFE_MS);
  });

  it("of a call that began in the month before are that month's", () => {
    const account = Account.opened(period(MAY, 5));
    account.reserve("a", 600, JUNE - 100);
    account.roll(JUNE);
    expect(account.reserve("b", 600, JUNE)).toMatchObject({ ok: false, left: 400 });
    account.settle("a", 50, JUNE + 100);
    expect(account.counts(JUNE).meters.tokens).toMatchObject({ used: 0, reserved: 0 });
  });

  it("are never used beyond the limit, whatever is asked, settled, abandoned or forgotten", () => {
    const step = fc.record({
      id: fc.nat(12).map((call) => `call-${call}`),
      deed: fc.constantFrom("reserve", "settle", "evict", "wait"),
      tokens: fc.integer({ min: 1, max: 400 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const calls = new Calls();
        for (const { id, deed, tokens, part } of steps) {
          if (deed === "reserve") calls.reserve(id, tokens);
          else if (deed === "settle") calls.settle(id, part);
          else if (deed === "evict") calls.evict();
          else calls.wait(part * 120_000);
          const { used, reserved } = calls.counted();
          expect(used + reserved).toBeLessThanOrEqual(1_000);
          expect({ used, reserved }).toEqual({ used: calls.used, reserved: calls.reserved });
        }
      }),
    );
  });
});

/** Calls of models under way, and what they really used: what an account must agree with. */
class Calls {
  used = 0;
  #account = Account.opened(period(MAY, 5));
  #now = MAY;
  readonly #open = new Map<string, { readonly tokens: number; readonly until: number }>();

  reserve(id: string, tokens: number): void {
    if (this.#open.has(id) || !this.#account.reserve(id, tokens, this.#now).ok) return;
    this.#open.set(id, { tokens, until: this.#now + RESERVATION_LIFE_MS });
  }

  settle(id: string, part: number): void {
    const spent = Math.round((this.#open.get(id)?.tokens ?? 0) * part);
    this.#account.settle(id, spent, this.#now);
    this.#open.delete(id);
    this.used += spent;
  }

  evict(): void {
    this.#account = new Account(this.#account.state());
  }

  wait(milliseconds: number): void {
    this.#now += Math.round(milliseconds);
    for (const [id, { until }] of this.#open) if (until <= this.#now) this.#open.delete(id);
    if (this.#account.hasAbandoned(this.#now)) this.#account.giveUpAbandoned(this.used, this.#account.period.periodStart, this.#now);
  }

  get reserved(): number {
    return [...this.#open.values()].reduce((sum, { tokens }) => sum + tokens, 0);
  }

  counted() {
    return this.#account.counts(this.#now).meters.tokens;
  }
}

describe("a plan with a price for what is beyond its limits", () => {
  it("refuses nothing, asks for no reservations, and shows the limit all the same", () => {
    const account = Account.opened(priced(MAY, 5));
    expect(account.take(exchange({ needed: 50 }), MAY)).toMatchObject({ granted: 50, limit: null, reservesTokens: false });
    expect(account.reserve("a", 5_000, MAY)).toEqual({ ok: true });
    account.settle("a", 1_500, MAY);
    expect(account.counts(MAY).meters).toEqual({
      requests: { limit: 5, hard: false, used: 50, reserved: 0 },
      tokens: { limit: 1_000, hard: false, used: 1_500, reserved: 0 },
    });
  });
});

describe("a meter that the ledger knows", () => {
  it("stops requests once it is used up", () => {
    const terms = period(MAY, 5);
    const limits = { ...terms.limits, egress_bytes: 1_000 };
    const stopping = (egress_bytes: number) => ({ ...terms, limits, stops: limits, recorded: { egress_bytes, run_ms: 0 } });
    const account = Account.opened(stopping(999));
    expect(account.take(exchange({ needed: 1 }), MAY)).toMatchObject({ granted: 1, stoppedBy: "requests", limit: 5 });
    account.learn(stopping(1_001), MAY);
    expect(account.take(exchange({ needed: 1 }), MAY)).toMatchObject({ granted: 0, stoppedBy: "egress_bytes", limit: 1_000 });
    expect(account.counts(MAY).meters.egress_bytes).toEqual({ limit: 1_000, hard: true, used: 1_001, reserved: 0 });
    account.roll(JUNE);
    expect(account.take(exchange({ needed: 1 }), JUNE)).toMatchObject({ granted: 1 });
  });
});

describe("notices", () => {
  it("are due at 80 and at 100 percent of each limit, once a period", () => {
    const account = Account.opened(period(MAY, 10));
    account.take(exchange({ needed: 7 }), MAY);
    expect(account.dueNotices()).toEqual([]);
    account.take(exchange({ needed: 1 }), MAY);
    expect(account.dueNotices()).toEqual([{ meter: "requests", percent: 80, used: 8, limit: 10 }]);
    account.notice(account.dueNotices(), account.period.periodStart);
    account.take(exchange({ needed: 9, adjustments: { tokens: 1_200 } }), MAY);
    const revived = new Account(account.state());
    expect(revived.dueNotices().map(({ meter, percent }) => `${meter} ${percent}`)).toEqual(["requests 100", "tokens 80", "tokens 100"]);
    revived.notice(revived.dueNotices(), revived.period.periodStart);
    expect(revived.dueNotices()).toEqual([]);
    revived.roll(JUNE);
    revived.take(exchange({ needed: 8 }), JUNE);
    expect(revived.dueNotices()).toHaveLength(1);
  });

  it("of a plan with a price for more are due as well", () => {
    const account = Account.opened(priced(MAY, 10));
    account.take(exchange({ needed: 12 }), MAY);
    expect(account.dueNotices().map(({ percent }) => percent)).toEqual([80, 100]);
  });
});
