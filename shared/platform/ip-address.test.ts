import { describe, expect, it } from "vitest";
import { formatIpAddress, parseIpAddress, parseIpRange } from "./ip-address.ts";

function canonical(text: string): string | null {
  const address = parseIpAddress(text);
  return address && formatIpAddress(address);
}

describe("parseIpAddress", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["2001:DB8:0:0:0::7", "2001:db8::7"],
    ["::", "::"],
    ["::1", "::1"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::ffff:cb00:7107", "203.0.113.7"],
    ["64:ff9b::203.0.113.7", "64:ff9b::cb00:7107"],
  ])("reads %s as %s", (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it.each([
    "",
    "unknown",
    "1.2.3",
    "1.2.3.256",
    "1.2.3.4.5",
    "01.2.3.004",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "fe80::1%eth0",
    "12345::",
    "::1.2.3.400",
    "[::1]",
  ])("does not take %s for an address", (text) => {
    expect(canonical(text)).toBeNull();
  });
});

describe("parseIpRange", () => {
  const canonicalRange = (text: string) => {
    const range = parseIpRange(text);
    return range && `${formatIpAddress(range.first)}/${range.length}`;
  };

  it.each([
    ["203.0.113.7/24", "203.0.113.0/24"],
    ["203.0.113.7/32", "203.0.113.7/32"],
    ["10.1.2.3/0", "0.0.0.0/0"],
    ["2001:db8:1:2:3::/64", "2001:db8:1:2::/64"],
    ["::/0", "::/0"],
  ])("reads %s as %s", (text, expected) => {
    expect(canonicalRange(text)).toBe(expected);
  });

  it.each(["203.0.113.7", "203.0.113.0/33", "2001:db8::/129", "10.0.0.0/-1", "10.0.0.0/", "/8", "10.0.0.0/8/8", "10.0.0.0/1e1"])(
    "does not take %s for a range",
    (text) => {
      expect(canonicalRange(text)).toBeNull();
    },
  );
});
