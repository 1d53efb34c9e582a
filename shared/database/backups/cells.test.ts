import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeValue } from "../schema/values.ts";
import { cellText } from "./cells.ts";

describe("a value's text", () => {
  it("is one for all spellings of the servers", () => {
    expect([cellText("boolean", "t"), cellText("boolean", "1")]).toEqual(["true", "true"]);
    expect([cellText("boolean", "f"), cellText("boolean", "0")]).toEqual(["false", "false"]);
    expect(cellText("timestamp", "2026-11-27 10:00:00.5+00")).toBe("2026-11-27T10:00:00.500Z");
    expect(cellText("timestamp", "2026-11-27 10:00:00.500")).toBe("2026-11-27T10:00:00.500Z");
    expect([cellText("number", "1e+21"), cellText("number", "1e21"), cellText("number", "0.10")]).toEqual(["1e+21", "1e+21", "0.1"]);
    expect(cellText("json", '{"b": 1, "a": [true, null, "x"], "aa": {}}')).toBe('{"a":[true,null,"x"],"b":1,"aa":{}}');
  });

  it("keeps what JSON and doubles would lose", () => {
    expect(cellText("integer", "9007199254740993")).toBe("9007199254740993");
    expect([cellText("number", "NaN"), cellText("number", "-Infinity"), cellText("number", "-0")]).toEqual(["NaN", "-Infinity", "-0"]);
    expect(cellText("timestamp", "20026-01-01 00:00:00+00")).toBe("20026-01-01 00:00:00+00");
    expect(cellText("json", '{"big": 12345678901234567890, "fine": 0.1000, "huge": 1e400}')).toBe(
      '{"big":1234567890123456789e1,"fine":0.1,"huge":1e400}',
    );
  });

  it("of JSON is the same again, and means the same", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = cellText("json", JSON.stringify(value));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(cellText("json", text)).toBe(text);
      }),
    );
  });

  it("is what a value is encoded as", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        fc.pre(!Object.is(value, -0));
        expect(cellText("number", String(value))).toBe(encodeValue("number", value));
      }),
    );
  });
});
