import { domainToUnicode } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalizeHostname } from "./hostnames.ts";
import { unicodeHostname } from "./punycode.ts";
import { isApex, isPublicSuffix, wwwPair } from "./suffix.ts";

describe("the top of a domain", () => {
  it.each(["example.com", "example.co.uk", "shop.uk.com", "me.github.io", "xn--bcher-kva.example", "example.test"])("%s is one", (name) => {
    expect([isApex(name), isPublicSuffix(name)]).toEqual([true, false]);
  });

  it.each(["www.example.com", "shop.example.co.uk", "a.b.me.github.io"])("%s is below one", (name) => {
    expect([isApex(name), isPublicSuffix(name)]).toEqual([false, false]);
  });

  it.each(["co.uk", "github.io", "uk.com"])("%s is nobody's", (name) => expect(isPublicSuffix(name)).toBe(true));

  it("pairs with www, and nothing else does", () => {
    expect(wwwPair("example.co.uk")).toBe("www.example.co.uk");
    expect(wwwPair("www.example.co.uk")).toBe("example.co.uk");
    expect(wwwPair("shop.example.com")).toBeNull();
    expect(wwwPair("www.shop.example.com")).toBeNull();
  });
});

describe("a hostname in letters", () => {
  it.each(["bücher.example", "例え.テスト", "münchen.köln.example", "παράδειγμα.example", "☕.example", "plain.example"])(
    "%s comes back out of its punycode",
    (name) => expect(unicodeHostname(normalizeHostname(name) ?? "")).toBe(name),
  );

  it("is what Node's own decoder says, for any letters", () => {
    const letters = fc.string({ unit: fc.constantFrom(..."abzäöüéñøяжλшקא日本語中文"), minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(letters, (label) => {
        const hostname = normalizeHostname(`${label}.example`);
        fc.pre(hostname !== null);
        expect(unicodeHostname(hostname ?? "")).toBe(domainToUnicode(hostname ?? ""));
      }),
    );
  });

  it.each(["xn--.example", "xn--99999999999.example", "xn--a-\u00fc.example"])("%s stays as it is", (name) => {
    expect(unicodeHostname(name)).toBe(name);
  });
});
