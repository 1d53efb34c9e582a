import { describe, expect, it } from "vitest";
import { forLog, roomFor, storable } from "./node-log.ts";

describe("forLog", () => {
  it("keeps what is small as it is", () => {
    const value = { a: [1, "x", null, true] };
    expect(forLog(value, [])).toEqual({ kind: "whole", value });
    expect(forLog(undefined, [])).toEqual({ kind: "whole", value: null });
  });

  it("keeps the beginning of what is large, and has the whole beside it", () => {
    const value = { text: "x".repeat(20_000) };
    const logged = forLog(value, []);
    expect(logged).toMatchObject({ kind: "cut", value: { truncated: true, bytes: 20_011 }, json: JSON.stringify(value) });
    expect(JSON.stringify(logged.value).length).toBeLessThan(16_384);
  });

  it("counts bytes, not characters", () => {
    expect(forLog("ä".repeat(10_000), []).value).toMatchObject({ truncated: true, bytes: 20_002 });
    expect(forLog("a".repeat(10_000), []).value).toHaveLength(10_000);
  });

  it("takes secrets out of texts, keys, and the beginnings and the whole of large values", () => {
    expect(forLog({ header: "Bearer s3cret", s3cret: ["xs3crety"] }, ["s3cret"]).value).toEqual({
      header: "Bearer [secret]",
      "[secret]": ["x[secret]y"],
    });
    expect(JSON.stringify(forLog("s3cret".repeat(5_000), ["s3cret"]))).not.toContain("s3cret");
  });

  it("has the whole as it can be stored", () => {
    expect(forLog(`\u0000\ud800${"x".repeat(20_000)}`, [])).toMatchObject({
      kind: "cut",
      json: JSON.stringify(`\ufffd${"x".repeat(20_000)}`),
    });
  });

  it("leaves less room to the thousandth node than to the first", () => {
    const value = "x".repeat(5_000);
    expect(forLog(value, [], roomFor(0)).kind).toBe("whole");
    expect(forLog(value, [], roomFor(1_000))).toMatchObject({ kind: "cut", json: JSON.stringify(value) });
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
