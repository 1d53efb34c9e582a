import { describe, expect, it } from "vitest";
import { joined } from "./joined.ts";

describe("joined", () => {
  it("settles as the other promise does, and is another", async () => {
    const theirs = Promise.resolve("done");
    const own = joined(theirs);
    expect(own).not.toBe(theirs);
    expect(await own).toBe("done");
    await expect(joined(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });
});
