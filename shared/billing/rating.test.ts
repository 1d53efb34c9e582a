import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { MeterLimits, PlanTerms } from "#platform/schema";
import { stopsOf } from "./periods.ts";
import { adjustmentLine, balanced, baseLines, type InvoiceLine, includedIn, overageLine, type Segment } from "./rating.ts";

const NO_LIMITS: MeterLimits = { requests: null, tokens: null, db_storage_bytes: null, egress_bytes: null, run_ms: null };

function plan(changes: Partial<PlanTerms> = {}, requests: number | null = 1_000): PlanTerms {
  const limits = { ...NO_LIMITS, requests, db_storage_bytes: 100 };
  return { code: "pro", name: "Pro", currency: "USD", price_minor: 2_900, limits, overage_micros: { requests: 200 }, ...changes };
}

type PlanStart = readonly [startsAt: number, terms: PlanTerms];

/** A period of 1,000 ms, with plans that begin at moments of it. */
function periodOf(...plans: readonly PlanStart[]) {
  const period = { periodStart: 0, periodEnd: 1_000, fullMs: 1_000 };
  const segments = plans.map(([startsAt, terms], index): Segment => ({ startsAt, endsAt: plans[index + 1]?.[0] ?? 1_000, terms }));
  return { period, segments };
}

const amounts = (lines: readonly InvoiceLine[]) => lines.map(({ kind, amountMinor }) => [kind, amountMinor]);

describe("use above what a plan includes", () => {
  const { period, segments } = periodOf([0, plan()]);
  const rate = (used: number, segment = segments[0]) => segment && overageLine(period, segment, "requests", used);

  it("is what is paid for, never the first unit", () => {
    expect(rate(1_000)).toMatchObject({ used: 1_000, included: 1_000, billable: 0, amountMinor: 0 });
    expect(rate(1_001_000)).toMatchObject({ billable: 1_000_000, amountMinor: 20_000 });
  });

  it("costs nothing where the plan has no price: there the meter stops", () => {
    const { segments: hard } = periodOf([0, plan({ overage_micros: {} })]);
    expect(rate(5_000, hard[0])).toBeUndefined();
    expect(rate(5_000, periodOf([0, plan({}, null)]).segments[0])).toBeUndefined();
  });

  it("is never less than nothing, however much was corrected", () => {
    expect(rate(-50)).toMatchObject({ used: -50, billable: 0, amountMinor: 0 });
  });

  it("of storage is a level: included whole, and paid for the time it lasted", () => {
    const terms = plan({ overage_micros: { db_storage_bytes: 1_000_000 } });
    const { period: half, segments: two } = periodOf([0, terms], [500, terms]);
    const [first] = two;
    expect(first && overageLine(half, first, "db_storage_bytes", 110)).toMatchObject({ included: 100, billable: 10, amountMinor: 500 });
  });
});

describe("a change of plan", () => {
  it("gives back what is left of the old plan and charges the rest of the new one", () => {
    const { period, segments } = periodOf([0, plan()], [250, plan({ price_minor: 9_900 })]);
    expect(amounts(baseLines(period, segments))).toEqual([
      ["base", 2_900],
      ["proration_credit", -2_175],
      ["proration_charge", 7_425],
    ]);
  });

  it("costs what each plan costs for its time, within half a minor unit a line, however often it happens", () => {
    const changes = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 999 }), fc.nat(100_000)), {
      maxLength: 6,
      selector: ([time]) => time,
    });
    fc.assert(
      fc.property(fc.nat(100_000), changes, (first, later) => {
        const plans = [[0, first] as const, ...later].sort(([a], [b]) => a - b);
        const { period, segments } = periodOf(...plans.map(([time, price_minor]) => [time, plan({ price_minor })] as const));
        const lines = baseLines(period, segments);
        const exact = segments.reduce((sum, { startsAt, endsAt, terms }) => sum + terms.price_minor * (endsAt - startsAt), 0);
        const billed = lines.reduce((sum, line) => sum + line.amountMinor, 0);
        expect(Math.abs(billed * 1_000 - exact)).toBeLessThanOrEqual(500 * lines.length);
      }),
    );
  });

  it("includes of each plan its share of the period, rounded up", () => {
    const { period, segments } = periodOf([0, plan()], [333, plan({}, 10_000)]);
    expect(segments.map((segment) => includedIn(segment, "requests", period))).toEqual([333, 6_670]);
    expect(segments.map((segment) => includedIn(segment, "db_storage_bytes", period))).toEqual([100, 100]);
  });

  it("lets a meter go on where the new plan has a price for it, and else stops it at what all plans include", () => {
    const free = plan({ overage_micros: {} });
    expect(stops([0, free], [500, plan()])).toMatchObject({ requests: null, db_storage_bytes: 100 });
    expect(stops([0, free], [500, plan({ overage_micros: {} }, 10_000)])).toMatchObject({ requests: 5_500 });
    expect(stops([0, free])).toMatchObject({ requests: 1_000, tokens: null });
  });

  function stops(...plans: readonly PlanStart[]) {
    const { period, segments } = periodOf(...plans);
    return stopsOf(period, segments);
  }
});

describe("what is recorded after its invoice", () => {
  const { period, segments } = periodOf([0, plan()]);
  const rated = (used: number) => {
    const [segment] = segments;
    const line = segment && overageLine(period, segment, "requests", used);
    if (!line) throw new Error("the plan has a price for requests");
    return line;
  };

  it("adds up with what was billed to exactly what it should have been, in whatever steps it comes", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20_000, max: 40_000 }), { minLength: 1, maxLength: 10 }), (steps) => {
        let [used, billed] = [0, { used: 0, billable: 0, amountMinor: 0 }];
        for (const step of steps) {
          used += step;
          const line = adjustmentLine(rated(used), billed);
          if (line) {
            billed = {
              used: billed.used + (line.used ?? 0),
              billable: billed.billable + (line.billable ?? 0),
              amountMinor: billed.amountMinor + line.amountMinor,
            };
          }
        }
        const { billable, amountMinor } = rated(used);
        expect(billed).toEqual({ used, billable, amountMinor });
      }),
    );
  });

  it("is no line when nothing changed", () => {
    const line = rated(5_000);
    expect(adjustmentLine(line, { used: 5_000, billable: 4_000, amountMinor: line.amountMinor })).toBeUndefined();
  });
});

it("an invoice never asks for less than nothing: that is carried over", () => {
  const { period, segments } = periodOf([0, plan()]);
  const [line] = baseLines(period, segments);
  const credit = line ? [{ ...line, amountMinor: -700 }] : [];
  const { lines, subtotalMinor } = balanced(credit, period);
  expect([subtotalMinor, amounts(lines).at(-1)]).toEqual([0, ["carried_out", 700]]);
});
