import { afterEach, describe, expect, it, vi } from "vitest";
import { joined } from "./joined.ts";

describe("joined", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("settles as the other promise does, and is another", async () => {
    const theirs = Promise.resolve("done");
    const own = joined(theirs);
    expect(own).not.toBe(theirs);
    expect(await own).toBe("done");
    await expect(joined(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });

  it("does not wait for ever for a request that is gone", async () => {
    vi.useFakeTimers();
    const refused = expect(joined(new Promise(() => undefined))).rejects.toMatchObject({ code: "upstream_unavailable" });
    await vi.advanceTimersByTimeAsync(5_000);
    await refused;
  });
});
