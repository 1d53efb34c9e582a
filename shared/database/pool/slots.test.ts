import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Slots, WAIT_LIMIT_MS } from "./slots.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, work: () => promise };
}

describe("Slots", () => {
  it("runs no more at once than there are, first come first served", async () => {
    const slots = new Slots(2);
    const gates = [gate(), gate(), gate(), gate()];
    const started: number[] = [];
    const all = gates.map(({ work }, index) =>
      slots.use(() => {
        started.push(index);
        return work();
      }),
    );
    await vi.advanceTimersByTimeAsync(0);
    expect(started).toEqual([0, 1]);
    gates[1]?.open();
    await vi.advanceTimersByTimeAsync(0);
    expect(started).toEqual([0, 1, 2]);
    for (const { open } of gates) open();
    await Promise.all(all);
    expect(started).toEqual([0, 1, 2, 3]);
  });

  it("gives a slot back when its work fails", async () => {
    const slots = new Slots(1);
    await expect(slots.use(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await slots.use(() => Promise.resolve("works"))).toBe("works");
  });

  it("does not let anybody wait for ever, and keeps the place for those behind", async () => {
    const slots = new Slots(1);
    const first = gate();
    const holding = slots.use(first.work);
    const impatient = expect(slots.use(() => Promise.resolve("never"))).rejects.toMatchObject({ code: "database_unavailable" });
    await vi.advanceTimersByTimeAsync(WAIT_LIMIT_MS - 1);
    const patient = slots.use(() => Promise.resolve("served"));
    await vi.advanceTimersByTimeAsync(1);
    await impatient;
    first.open();
    await holding;
    expect(await patient).toBe("served");
  });
});
