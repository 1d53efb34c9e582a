import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { systemRandom } from "#platform/clock";
import { slugFault, slugFromName } from "./slugs.ts";

describe("a slug", () => {
  it.each(["abc", "a1-b2-c3", "0-0", "x".repeat(40)])("may be %s", (slug) => {
    expect(slugFault(slug)).toBeUndefined();
  });

  it.each([
    ["ab", "invalid_length"],
    ["x".repeat(41), "invalid_length"],
    ["a--b", "invalid_format"],
    ["-ab", "invalid_format"],
    ["ab-", "invalid_format"],
    ["ABC", "invalid_format"],
    ["a b", "invalid_format"],
    ["abc\n", "invalid_format"],
    ["äöü", "invalid_format"],
    ["api", "reserved"],
    ["openapi.json", "invalid_format"],
    ["console", "reserved"],
  ])("may not be %j", (slug, code) => {
    expect(slugFault(slug)).toMatchObject({ path: "slug", code });
  });

  it("made from a name keeps its letters", () => {
    expect(slugFromName("Zoë's Café & Söhne", systemRandom)).toMatch(/^zoe-s-cafe-sohne-[0-9a-z]{6}$/);
    expect(slugFromName("日本", systemRandom)).toMatch(/^workspace-[0-9a-z]{6}$/);
  });

  it("made from any name is a proper one", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (name) => slugFault(slugFromName(name, systemRandom)) === undefined),
    );
  });
});
