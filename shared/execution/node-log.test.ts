import { describe, expect, it } from "vitest";
import { forLog, storable } from "./node-log.ts";

describe("forLog", () => {
  it("keeps what is small as it is", () => {
    const value = { a: [1, "x", null, true] };
    expect(forLog(value, [])).toEqual(value);
    expect(forLog(undefined, [])).toBeNull();
  });

  it("keeps the beginning of what is large", () => {
    const logged = forLog({ text: "x".repeat(20_000) }, []);
    expect(logged).toMatchObject({ truncated: true, bytes: 20_011 });
    expect(JSON.stringify(logged).length).toBeLessThan(16_384);
  });

  it("counts bytes, not characters", () => {
    expect(forLog("ä".repeat(10_000), [])).toMatchObject({ truncated: true, bytes: 20_002 });
    expect(forLog("a".repeat(10_000), [])).toHaveLength(10_000);
  });

  it("takes secrets out of texts, keys and the beginnings of large values", () => {
    expect(forLog({ header: "Bearer s3cret", s3cret: ["xs3crety"] }, ["s3cret"])).toEqual({
      header: "Bearer [secret]",
      "[secret]": ["x[secret]y"],
    });
    expect(JSON.stringify(forLog("s3cret".repeat(5_000), ["s3cret"]))).not.toContain("s3cret");
  });
});

describe("storable", () => {
  it("takes out what a jsonb column cannot hold, in keys too", () => {
    expect(storable({ "a\u0000": "x\u0000y", b: ["\ud800", "👍"] })).toEqual({ a: "xy", b: ["\ufffd", "👍"] });
  });

  it("leaves a text alone that only spells an escape", () => {
    const value = { a: "\\u0000" };
    expect(JSON.parse(JSON.stringify(storable(value)))).toEqual(value);
  });
});
