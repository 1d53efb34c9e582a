import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partsOf } from "./text-parts.ts";

describe("partsOf", () => {
  it("keeps every character whole, and within the size", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), fc.integer({ min: 2, max: 9 }), (text, size) => {
        const parts = partsOf(text, size);
        expect(parts.join("")).toBe(text);
        expect(parts.every((part) => part.length <= size && part.isWellFormed())).toBe(true);
      }),
    );
  });

  it("gives one part at least", () => {
    expect(partsOf("")).toEqual([""]);
    expect(partsOf("short")).toEqual(["short"]);
  });
});
