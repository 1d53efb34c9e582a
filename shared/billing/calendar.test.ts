import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isTimeZone, periodAfter, periodAt, periodFrom } from "./calendar.ts";

const iso = ({ periodStart, periodEnd }: { periodStart: number; periodEnd: number }) => [
  new Date(periodStart).toISOString(),
  new Date(periodEnd).toISOString(),
];
const at = (text: string) => Date.parse(text);

const ZONES = [
  "UTC",
  "America/New_York",
  "Europe/Berlin",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
  "America/Santiago",
  "Asia/Beirut",
  "Pacific/Apia",
];
const anchors = fc.record({ anchorDay: fc.integer({ min: 1, max: 31 }), timeZone: fc.constantFrom(...ZONES) });
const moments = fc.integer({ min: at("2009-01-01T00:00:00Z"), max: at("2035-01-01T00:00:00Z") });

describe("a period", () => {
  it("begins at midnight of its zone, also where clocks were set in between", () => {
    const newYork = { anchorDay: 1, timeZone: "America/New_York" };
    expect(iso(periodAt(at("2026-03-10T00:00:00Z"), newYork))).toEqual(["2026-03-01T05:00:00.000Z", "2026-04-01T04:00:00.000Z"]);
    expect(iso(periodAt(at("2026-04-01T03:59:59.999Z"), newYork))[0]).toBe("2026-03-01T05:00:00.000Z");
    expect(iso(periodAt(at("2026-04-01T04:00:00Z"), newYork))[0]).toBe("2026-04-01T04:00:00.000Z");
  });

  it("begins with the first moment of a day whose midnight the clocks leave out", () => {
    const beirut = { anchorDay: 29, timeZone: "Asia/Beirut" };
    expect(iso(periodAt(at("2026-04-10T00:00:00Z"), beirut))[0]).toBe("2026-03-28T22:00:00.000Z");
    const samoa = { anchorDay: 30, timeZone: "Pacific/Apia" };
    expect(iso(periodAt(at("2012-01-05T00:00:00Z"), samoa))[0]).toBe("2011-12-30T10:00:00.000Z");
  });

  it("begins on the last day of months that lack the day", () => {
    const last = { anchorDay: 31, timeZone: "UTC" };
    expect(iso(periodAt(at("2026-02-10T00:00:00Z"), last))).toEqual(["2026-01-31T00:00:00.000Z", "2026-02-28T00:00:00.000Z"]);
    expect(iso(periodAt(at("2028-03-01T00:00:00Z"), last))).toEqual(["2028-02-29T00:00:00.000Z", "2028-03-31T00:00:00.000Z"]);
  });

  it("holds its moment, and the next one begins where it ends", () => {
    fc.assert(
      fc.property(anchors, moments, (anchor, moment) => {
        const period = periodAt(moment, anchor);
        expect(period.periodStart <= moment && moment < period.periodEnd).toBe(true);
        expect(periodAt(period.periodEnd, anchor).periodStart).toBe(period.periodEnd);
        expect(periodAt(period.periodStart - 1, anchor).periodEnd).toBe(period.periodStart);
        const next = periodAfter(period.periodEnd, anchor);
        expect(next.periodEnd - next.periodStart).toBe(next.fullMs);
      }),
      { numRuns: 60 },
    );
  });
});

describe("the period after another", () => {
  it("is shorter or longer when the anchor was changed, never shorter than a week, and then goes on regularly", () => {
    fc.assert(
      fc.property(anchors, moments, anchors, (before, moment, after) => {
        const end = periodAt(moment, before).periodEnd;
        const bridge = periodAfter(end, after);
        expect(bridge.periodStart).toBe(end);
        expect(bridge.periodEnd - end).toBeGreaterThanOrEqual(7 * 86_400_000);
        expect(periodAt(bridge.periodEnd, after).periodStart).toBe(bridge.periodEnd);
        expect(periodFrom(end, after, bridge.periodEnd)).toEqual(periodAt(bridge.periodEnd, after));
      }),
      { numRuns: 60 },
    );
  });
});

it("knows time zones from other words", () => {
  expect(["Europe/Berlin", "UTC", "Mars/Base", "", "../etc"].map(isTimeZone)).toEqual([true, true, false, false, false]);
});
