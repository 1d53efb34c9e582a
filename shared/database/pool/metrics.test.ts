import { describe, expect, it } from "vitest";
import { PoolMetrics } from "./metrics.ts";

describe("PoolMetrics", () => {
  it("counts what waits, runs, and has come to an end", () => {
    const clock = { time: 1_000, now: () => clock.time };
    const metrics = new PoolMetrics(clock, 4);
    const [first, second, third] = [metrics.enter(), metrics.enter(), metrics.enter()];
    first.begin();
    clock.time += 30;
    second.begin();
    expect(metrics.view()).toMatchObject({ since: "1970-01-01T00:00:01.000Z", size: 4, running: 2, waiting: 1, succeeded: 0, failed: {} });
    clock.time += 10;
    first.end(null);
    second.end("conflict");
    third.end("database_unavailable");
    expect(metrics.view()).toMatchObject({
      ...{ running: 0, waiting: 0, succeeded: 1, failed: { conflict: 1, database_unavailable: 1 } },
      wait_ms: { mean: 15, max: 30 },
      run_ms: { mean: 25, max: 40 },
    });
  });
});
