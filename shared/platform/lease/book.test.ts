import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LeaseBook } from "./book.ts";
import type { Exchange } from "./exchange.ts";
import { SlidingLog } from "./sliding-log.ts";

const T0 = 1_000_000;

function exchange(id: string, rest: Partial<Exchange> = {}): Exchange {
  return { id, needed: 0, extra: 0, lifeMs: 3_000, settled: [], ...rest };
}

describe("LeaseBook", () => {
  test("answers a repeated call like the first and counts it once", () => {
    const book = new LeaseBook(new SlidingLog(60_000));
    const first = book.exchange(exchange("a", { needed: 3, extra: 8 }), 100, T0);
    const again = book.exchange(exchange("a", { needed: 3, extra: 8 }), 100, T0 + 20);
    expect([again.granted, again.extra, again.remaining]).toEqual([first.granted, first.extra, first.remaining]);
  });

  test("takes a report once, however often it comes", () => {
    const book = new LeaseBook(new SlidingLog(60_000));
    book.exchange(exchange("a", { needed: 2, extra: 8 }), 100, T0);
    const settled = [{ id: "a", arrival: 1, later: 4 }];
    expect(book.exchange(exchange("b", { settled }), 100, T0 + 50).remaining).toBe(95);
    expect(book.exchange(exchange("c", { settled }), 100, T0 + 60).remaining).toBe(95);
  });

  test("does not believe a report of more than was lent, or of a lease it has given up", () => {
    const book = new LeaseBook(new SlidingLog(60_000));
    book.exchange(exchange("a", { needed: 2, extra: 8 }), 100, T0);
    const boast = [{ id: "a", arrival: 50, later: 50 }];
    expect(book.exchange(exchange("b", { settled: boast }), 100, T0 + 50).remaining).toBe(90);
    book.exchange(exchange("c", { needed: 1, extra: 9 }), 100, T0 + 60);
    const late = [{ id: "c", arrival: 0, later: 0 }];
    expect(book.exchange(exchange("d", { settled: late }), 100, T0 + 20_000).remaining).toBe(80);
  });

  test("lends only a part of what is left, and nothing of the last few", () => {
    const book = new LeaseBook(new SlidingLog(60_000));
    expect(book.exchange(exchange("a", { needed: 1, extra: 50 }), 9, T0)).toMatchObject({ granted: 1, extra: 2 });
    expect(book.exchange(exchange("b", { needed: 3, extra: 50 }), 9, T0)).toMatchObject({ granted: 3, extra: 0 });
  });

  test("grants without a limit", () => {
    const book = new LeaseBook(new SlidingLog(60_000));
    const grant = book.exchange(exchange("a", { needed: 5, extra: 50 }), Number.POSITIVE_INFINITY, T0);
    expect(grant).toMatchObject({ granted: 5, extra: 50, remaining: Number.POSITIVE_INFINITY });
  });
});

describe("SlidingLog", () => {
  test("never counts a unit shorter than its window, nor much longer, in bounded space", () => {
    const step = fc.record({ wait: fc.integer({ min: 0, max: 900 }), units: fc.integer({ min: 1, max: 5 }), late: fc.nat(4_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const windowMs = 10_000;
        const log = new SlidingLog(windowMs);
        const truth: { at: number; units: number }[] = [];
        let now = T0;
        for (const { wait, units, late } of steps) {
          now += wait;
          const at = wait % 11 === 0 ? now - late : now;
          log.add(units, at);
          truth.push({ at, units });
          const counted = (span: number) => truth.filter((one) => one.at + span > now).reduce((sum, one) => sum + one.units, 0);
          expect(log.used(now)).toBeGreaterThanOrEqual(counted(windowMs));
          expect(log.used(now)).toBeLessThanOrEqual(counted(windowMs * (1 + 1 / 64)));
          expect(log.entries().length).toBeLessThanOrEqual(280);
        }
      }),
    );
  });

  test("gives a refunded unit back and keeps the others as long as they must count", () => {
    const log = new SlidingLog(1_000);
    log.add(1, T0);
    log.add(2, T0 + 500);
    log.remove(1, T0);
    expect(log.used(T0 + 500)).toBe(2);
    log.remove(1, T0 + 500);
    expect([log.used(T0 + 1_499), log.used(T0 + 1_500)]).toEqual([1, 0]);
  });
});
