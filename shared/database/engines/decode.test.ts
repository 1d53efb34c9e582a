import { describe, expect, it } from "vitest";
import { decodeRows, decodeValue } from "./decode.ts";
import type { ValueType } from "./driver.ts";

describe("decodeValue", () => {
  it.each<[ValueType, string, unknown]>([
    ["boolean", "t", true],
    ["boolean", "f", false],
    ["boolean", "1", true],
    ["boolean", "0", false],
    ["integer", "-5", -5],
    ["integer", "9007199254740991", 9_007_199_254_740_991],
    ["integer", "9007199254740992", "9007199254740992"],
    ["number", "1e-07", 1e-7],
    ["number", "NaN", "NaN"],
    ["json", '{"a": [1, null]}', { a: [1, null] }],
    ["timestamp", "2026-01-01 00:00:00+00", "2026-01-01T00:00:00.000Z"],
    ["timestamp", "2026-01-01 01:30:00.5+01:30", "2026-01-01T00:00:00.500Z"],
    ["timestamp", "2026-01-01 00:00:00.123", "2026-01-01T00:00:00.123Z"],
    ["timestamp", "infinity", "infinity"],
    ["timestamp", "0044-03-15 00:00:00+00 BC", "0044-03-15 00:00:00+00 BC"],
    ["text", "12.3400", "12.3400"],
  ])("%s %j", (type, text, value) => {
    expect(decodeValue(type, text)).toEqual(value);
  });

  it("brings the keys of JSON into one order", () => {
    expect(JSON.stringify(decodeValue("json", '{"bb":1,"c":{"z":1,"y":2},"a":[{"long":1,"b":2}]}'))).toBe(
      '{"a":[{"b":2,"long":1}],"c":{"y":2,"z":1},"bb":1}',
    );
  });
});

describe("decodeRows", () => {
  it("names the values", () => {
    const columns = [
      { name: "id", type: "text" },
      { name: "n", type: "integer" },
    ] as const;
    expect(decodeRows({ columns, rows: [["a", null]] })).toEqual([{ id: "a", n: null }]);
  });
});
