import { describe, expect, it } from "vitest";
import { decodeValue, toCountedResult, toResult } from "./answers.ts";

describe("decodeValue", () => {
  it.each([
    [16, "t", true],
    [16, "f", false],
    [23, "-5", -5],
    [20, "9007199254740991", 9_007_199_254_740_991],
    [20, "9007199254740992", "9007199254740992"],
    [701, "1e-07", 1e-7],
    [701, "NaN", "NaN"],
    [1700, "12.3400", "12.3400"],
    [3802, '{"a": [1, null]}', { a: [1, null] }],
    [1184, "2026-01-01 00:00:00+00", "2026-01-01T00:00:00.000Z"],
    [1184, "2026-01-01 01:30:00.5+01:30", "2026-01-01T00:00:00.500Z"],
    [1114, "2026-01-01 00:00:00.123", "2026-01-01T00:00:00.123Z"],
    [1184, "infinity", "infinity"],
    [1184, "0044-03-15 00:00:00+00 BC", "0044-03-15 00:00:00+00 BC"],
    [25, "text", "text"],
  ])("type %i: %j", (type, text, value) => {
    expect(decodeValue(type, text)).toEqual(value);
  });
});

describe("results", () => {
  const id = { name: "id", type: 25 };
  const count = { name: "_count", type: 20 };

  it("are rows by column name", () => {
    expect(toResult({ columns: [id, { name: "n", type: 23 }], rows: [["a", null]], count: 1 })).toEqual({
      rows: [{ id: "a", n: null }],
      count: 1,
    });
  });

  it("count what changed, not what came back", () => {
    expect(toCountedResult({ columns: [id, count], rows: [["a", "1500"]], count: 1 })).toEqual({ rows: [{ id: "a" }], count: 1500 });
    expect(toCountedResult({ columns: [id, count], rows: [], count: 0 })).toEqual({ rows: [], count: 0 });
    expect(toCountedResult({ columns: [count], rows: [["7"]], count: 1 })).toEqual({ rows: [], count: 7 });
  });
});
