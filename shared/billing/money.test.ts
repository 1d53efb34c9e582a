import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimalOf, decimalOfMicros, minorDigits, priceOf, roundHalfAway, shareOf, taxOf } from "./money.ts";

describe("the price of units", () => {
  it("is exact: a million requests at 0.0002 are 200.00", () => {
    expect(priceOf(1_000_000n, 200, "USD")).toBe(20_000);
    expect(decimalOf(priceOf(1_000_000n, 200, "USD"), "USD")).toBe("200.00");
  });

  it("is rounded once for all units, not once a unit, where each alone would cost nothing", () => {
    const alone = priceOf(1n, 200, "USD");
    expect(alone).toBe(0);
    expect(priceOf(25n, 200, "USD")).toBe(1);
    expect(priceOf(24n, 200, "USD")).toBe(0);
  });

  it("has the digits of its currency", () => {
    expect([priceOf(1_000_000n, 200, "JPY"), priceOf(1_000_000n, 200, "KWD")]).toEqual([200, 200_000]);
    expect([minorDigits("JPY"), minorDigits("EUR"), minorDigits("BHD")]).toEqual([0, 2, 3]);
    expect([decimalOf(-1234, "JPY"), decimalOf(-5, "EUR"), decimalOf(1234, "BHD")]).toEqual(["-1234", "-0.05", "1.234"]);
    expect([decimalOfMicros(200), decimalOfMicros(1_000_000), decimalOfMicros(0)]).toEqual(["0.0002", "1", "0"]);
  });

  it("is nowhere more than half a minor unit from the truth", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 9n), fc.nat(1_000_000), (units, price) => {
        const tenThousandths = units * BigInt(price);
        const off = BigInt(priceOf(units, price, "EUR")) * 10_000n - tenThousandths;
        expect(off <= 5_000n && off > -5_000n).toBe(true);
      }),
    );
  });
});

describe("rounding", () => {
  it("takes a half away from zero, on both sides alike", () => {
    expect([1n, 3n, -1n, -3n].map((half) => roundHalfAway(half, 2n))).toEqual([1n, 2n, -1n, -2n]);
    expect([taxOf(250, 1000), taxOf(249, 1000), taxOf(-250, 1900)]).toEqual([25, 25, -48]);
  });

  it("gives parts that differ from the whole by less than a unit each", () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), fc.array(fc.integer({ min: 1, max: 10 ** 9 }), { minLength: 1, maxLength: 8 }), (amount, parts) => {
        const whole = BigInt(parts.reduce((sum, part) => sum + part, 0));
        const sum = parts.reduce((total, part) => total + shareOf(amount, { part: BigInt(part), whole }), 0);
        expect(Math.abs(sum - amount)).toBeLessThanOrEqual(parts.length / 2);
      }),
    );
  });
});
