import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Tally } from "./book.ts";
import { LEASE_GRACE_MS, LEASE_LIFE_MS } from "./exchange.ts";
import { SlidingLog } from "./sliding-log.ts";
import { lifeFor, type Terms } from "./terms.ts";
import { VirtualTime } from "./testing/virtual-time.ts";
import { type Isolate, type Weather, World } from "./testing/world.ts";

const TERMS: Terms = { policy: "test", lifeMs: LEASE_LIFE_MS, denialMs: Number.POSITIVE_INFINITY };

/** Never forgets: what a billing period looks like from within. */
class Total implements Tally {
  units = 0;
  used = () => this.units;
  add = (units: number) => {
    this.units += units;
  };
  remove = (units: number) => {
    this.units -= units;
  };
  nextReset = () => 1_000_000;
}

const calm: Weather = { next: () => 5 };

function stormy(delays: readonly (number | null)[]): Weather {
  let index = 0;
  return { next: () => delays[index++ % delays.length] ?? null };
}

interface Deed {
  readonly wait: number;
  readonly isolate: number;
  readonly deed: "request" | "burst" | "stream" | "kill" | "crash";
  readonly every: number;
  readonly refundAfter?: number | undefined;
}

function deeds(withLosses: boolean): fc.Arbitrary<Deed[]> {
  const deed = (weight: number, name: Deed["deed"]) => ({ weight, arbitrary: fc.constant(name) });
  return fc.array(
    fc.record({
      wait: fc.oneof(
        { weight: 3, arbitrary: fc.integer({ min: 0, max: 300 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 5_000 }) },
      ),
      isolate: fc.nat(2),
      deed: fc.oneof(
        deed(8, "request"),
        deed(2, "burst"),
        deed(6, "stream"),
        deed(withLosses ? 1 : 0, "kill"),
        deed(withLosses ? 1 : 0, "crash"),
      ),
      every: fc.integer({ min: 10, max: 150 }),
      refundAfter: fc.option(fc.integer({ min: 0, max: 5_000 }), { nil: undefined, freq: 6 }),
    }),
    { minLength: 10, maxLength: 40 },
  );
}

/** The script, and then long enough for everything to be handed back or given up. */
async function perform(time: VirtualTime, isolates: readonly Isolate[], script: readonly Deed[]): Promise<void> {
  await act(time, isolates, script);
  await time.pass(LEASE_LIFE_MS + LEASE_GRACE_MS + 15_000);
}

async function act(time: VirtualTime, isolates: readonly Isolate[], script: readonly Deed[]): Promise<void> {
  for (const { wait, isolate: index, deed, every, refundAfter } of script) {
    await time.pass(wait);
    const isolate = isolates[index];
    if (!isolate) continue;
    if (deed === "crash") isolate.crash();
    else if (deed === "kill") isolate.killRequests();
    else void come(time, isolate, { request: [1, 0], burst: [12, 0], stream: [40, every] }[deed], refundAfter);
  }
}

async function come(time: VirtualTime, isolate: Isolate, [count = 0, every = 0]: number[], refundAfter?: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    void isolate.request(index % 7 === 0 ? refundAfter : undefined);
    if (every > 0) await time.sleep(every);
  }
}

function threeIsolates(world: World, terms: Terms): Isolate[] {
  return [0, 86_400_000, -7_000].map((offset) => world.isolate(terms, offset));
}

/** The most units spent in any span of `windowMs`. */
function worstWindow(times: readonly number[], windowMs: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  let worst = 0;
  let first = 0;
  for (const [index, at] of sorted.entries()) {
    while (at - (sorted[first] ?? at) >= windowMs) first += 1;
    worst = Math.max(worst, index - first + 1);
  }
  return worst;
}

const weathers = fc.array(
  fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 1, max: 300 }) }, { weight: 1, arbitrary: fc.constant(null) }),
  { minLength: 5, maxLength: 30 },
);

describe("leases, whatever happens", () => {
  const windows = [
    { max: 10, windowMs: 60_000 },
    { max: 40, windowMs: 5_000 },
    { max: 100, windowMs: 10_000, lifeMs: 3_000 },
    { max: 7, windowMs: 1_000 },
  ];

  test.each(windows)("no span of $windowMs ms holds more than $max", async ({ max, windowMs, lifeMs = lifeFor(windowMs) }) => {
    await fc.assert(
      fc.asyncProperty(deeds(true), weathers, async (script, delays) => {
        const time = new VirtualTime();
        const world = new World(time, stormy(delays), new SlidingLog(windowMs), max);
        await perform(time, threeIsolates(world, { ...TERMS, lifeMs }), script);
        const times = world.spent.filter((one) => !one.refunded).map((one) => one.at);
        expect(worstWindow(times, windowMs)).toBeLessThanOrEqual(max);
      }),
      { numRuns: 60 },
    );
  });

  test("a total is never exceeded, and a crash forfeits no more than was lent", async () => {
    await fc.assert(
      fc.asyncProperty(deeds(true), weathers, async (script, delays) => {
        const time = new VirtualTime();
        const tally = new Total();
        const world = new World(time, stormy(delays), tally, 100);
        await perform(time, threeIsolates(world, TERMS), script);
        world.book.forfeit(time.now());
        const spent = world.spent.filter((one) => !one.refunded).length;
        expect(world.book.held()).toBe(0);
        expect(spent).toBeLessThanOrEqual(tally.units);
        expect(tally.units).toBeLessThanOrEqual(100);
      }),
      { numRuns: 100 },
    );
  });

  test("a crash forfeits what its isolate held or was being lent, and no more", async () => {
    await fc.assert(
      fc.asyncProperty(deeds(false), deeds(false), fc.integer({ min: 20, max: 2_000 }), async (before, after, capacity) => {
        const time = new VirtualTime();
        const tally = new Total();
        const world = new World(time, calm, tally, capacity);
        const isolate = world.isolate(TERMS, 0);
        const all = [isolate, isolate, isolate];
        // What was given back and not told yet dies as well: here nothing is.
        const kept = before.map((deed) => ({ ...deed, refundAfter: undefined }));
        await act(time, all, kept);
        const held = world.book.held();
        isolate.crash();
        await perform(time, all, after);
        world.book.forfeit(time.now());
        const forfeited = tally.units - world.spent.filter((one) => !one.refunded).length;
        expect(forfeited).toBeGreaterThanOrEqual(0);
        expect(forfeited).toBeLessThanOrEqual(held + world.undelivered);
      }),
      { numRuns: 60 },
    );
  });

  test("when nothing is lost, what was counted is exactly what was admitted and not refunded", async () => {
    const delays = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 5, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(deeds(false), delays, fc.integer({ min: 20, max: 2_000 }), async (script, delayList, capacity) => {
        const time = new VirtualTime();
        const tally = new Total();
        const world = new World(time, stormy(delayList), tally, capacity);
        await perform(time, threeIsolates(world, TERMS), script);
        const spent = world.spent.filter((one) => !one.refunded).length;
        expect(world.book.held()).toBe(0);
        expect(world.failed).toBe(0);
        expect(world.spent).toHaveLength(world.admitted);
        expect(tally.units).toBe(spent);
      }),
      { numRuns: 150 },
    );
  });
});

describe("an isolate's side of a counter", () => {
  test("of 100 requests at once over three isolates exactly 10 are admitted", async () => {
    const time = new VirtualTime();
    const world = new World(time, calm, new SlidingLog(60_000), 10);
    const isolates = threeIsolates(world, TERMS);
    for (let index = 0; index < 100; index += 1) void isolates[index % 3]?.request();
    await time.pass(1_000);
    expect([world.admitted, world.denied]).toEqual([10, 90]);
  });

  test("requests that wait together share a call", async () => {
    const time = new VirtualTime();
    const world = new World(time, calm, new SlidingLog(60_000), 1_000);
    const isolate = world.isolate(TERMS, 0);
    for (let index = 0; index < 100; index += 1) void isolate.request();
    await time.pass(1_000);
    expect(world.admitted).toBe(100);
    expect(world.calls).toBe(2);
  });

  test("a refusal costs no further calls until its reset, and then holds no longer", async () => {
    const time = new VirtualTime();
    const world = new World(time, calm, new SlidingLog(60_000), 1);
    const isolate = world.isolate(TERMS, 0);
    await Promise.all([isolate.request(), time.pass(100)]);
    await Promise.all([isolate.request(), time.pass(100)]);
    const calls = world.calls;
    for (let index = 0; index < 50; index += 1) await Promise.all([isolate.request(), time.pass(1_000)]);
    expect(world.calls).toBe(calls);
    expect([world.admitted, world.denied]).toEqual([1, 51]);
    await time.pass(10_000);
    await Promise.all([isolate.request(), time.pass(100)]);
    expect(world.admitted).toBe(2);
  });

  test("a visitor who comes every two seconds takes nothing in advance", async () => {
    const time = new VirtualTime();
    const tally = new Total();
    const world = new World(time, calm, tally, 1_000);
    const isolate = world.isolate(TERMS, 0);
    for (let index = 0; index < 20; index += 1) {
      await Promise.all([isolate.request(), time.pass(2_000)]);
      expect(world.book.held()).toBe(0);
    }
    expect([world.calls, tally.units]).toEqual([20, 20]);
  });

  test("a busy visitor seldom waits, and what is unspent returns within seconds", async () => {
    const time = new VirtualTime();
    const tally = new Total();
    const world = new World(time, calm, tally, 100_000);
    const isolate = world.isolate(TERMS, 0);
    for (let index = 0; index < 1_500; index += 1) {
      void isolate.request();
      await time.pass(20);
    }
    expect(world.calls).toBeLessThan(45);
    expect(world.book.held()).toBeGreaterThan(0);
    await time.pass(3_000);
    expect([tally.units, world.book.held()]).toEqual([1_500, 0]);
  });

  test("a counter that cannot be asked admits nobody and wedges nothing", async () => {
    const time = new VirtualTime();
    let lost = true;
    const world = new World(time, { next: () => (lost ? null : 5) }, new SlidingLog(60_000), 10);
    const isolate = world.isolate(TERMS, 0);
    for (let index = 0; index < 5; index += 1) void isolate.request();
    await time.pass(5_000);
    expect([world.admitted, world.failed]).toEqual([0, 5]);
    lost = false;
    void isolate.request();
    await time.pass(100);
    expect(world.admitted).toBe(1);
  });

  test("units in advance are not spent after their life, even when nobody was left to hand them back", async () => {
    const time = new VirtualTime();
    const world = new World(time, calm, new Total(), 100_000);
    const isolate = world.isolate(TERMS, 0);
    await Promise.all([come(time, isolate, [60, 20]), time.pass(1_500)]);
    isolate.killRequests();
    expect(world.book.held()).toBeGreaterThan(0);
    const calls = world.calls;
    await time.pass(LEASE_LIFE_MS);
    void isolate.request();
    await time.pass(100);
    expect(world.calls).toBe(calls + 1);
  });

  test("a unit given back by who waited for it is not spent again behind the counter's back", async () => {
    const time = new VirtualTime();
    const windowMs = 10_000;
    const world = new World(time, calm, new SlidingLog(windowMs), 1);
    const [isolate, other] = threeIsolates(world, TERMS);
    await Promise.all([isolate?.request(0), time.pass(100)]);
    isolate?.killRequests();
    await time.pass(2_000);
    await Promise.all([isolate?.request(), time.pass(100)]);
    isolate?.crash();
    await time.pass(windowMs - 2_100);
    await Promise.all([other?.request(), time.pass(100)]);
    expect([world.admitted, world.denied]).toEqual([2, 1]);
    await time.pass(2_000);
    await Promise.all([other?.request(), time.pass(100)]);
    expect(world.admitted).toBe(3);
  });

  test("a unit that was given back ends a refusal, and the next request has it", async () => {
    const time = new VirtualTime();
    const world = new World(time, calm, new SlidingLog(60_000), 1);
    const isolate = world.isolate(TERMS, 0);
    void isolate.request(200);
    await Promise.all([isolate.request(), time.pass(100)]);
    expect([world.admitted, world.denied]).toEqual([1, 1]);
    await time.pass(200);
    await Promise.all([isolate.request(), time.pass(100)]);
    expect([world.admitted, world.denied]).toEqual([2, 1]);
  });

  test("a grant whose answer got lost comes back", async () => {
    const time = new VirtualTime();
    const tally = new Total();
    const delays = [5, null];
    const world = new World(time, { next: () => (delays.length > 0 ? (delays.shift() ?? null) : 5) }, tally, 10);
    void world.isolate(TERMS, 0).request();
    await time.pass(100);
    expect([tally.units, world.admitted]).toEqual([1, 0]);
    await time.pass(5_000);
    expect([tally.units, world.failed]).toEqual([0, 1]);
  });
});
