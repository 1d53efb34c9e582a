import { describe, expect, it } from "vitest";
import { monthOf, type OpenPeriod } from "#billing";
import type { QuotaExchange } from "#platform/objects/quota-counter";
import { Account } from "./account.ts";

const MAY = Date.UTC(2026, 4, 10);
const JUNE = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;

function period(now: number, requests: number | null, planCode = "team"): OpenPeriod {
  const limits = { requests, tokens: 1_000, db_storage_bytes: null, egress_bytes: null, run_ms: null };
  return { ...monthOf(now), anchorDay: 1, timeZone: "UTC", planCode, limits };
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
    expect(account.take(told, MAY)).toMatchObject({ tokensLeft: 960 });
    const revived = new Account(account.state());
    expect(revived.take(told, MAY + 50)).toMatchObject({ tokensLeft: 960 });
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
