import { describe, expect, it } from "vitest";
import { normalizeHostname } from "./hostnames.ts";

describe("normalizeHostname", () => {
  it.each([
    ["Shop.Example.com", "shop.example.com"],
    ["shop.example.com.", "shop.example.com"],
    [" shop.example.com ", "shop.example.com"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["a.b.c.d.example", "a.b.c.d.example"],
  ])("takes %s as %s", (text, expected) => {
    expect(normalizeHostname(text)).toBe(expected);
  });

  it.each([
    "",
    "localhost",
    "shop.example.com:443",
    "http://shop.example.com",
    "shop.example.com/path",
    "user@shop.example.com",
    "*.example.com",
    "127.0.0.1",
    "0x7f.1",
    "[::1]",
    "-shop.example.com",
    "shop-.example.com",
    "shop..example.com",
    "sh%6fp.example.com",
    "shop.example.com\\evil",
    `${"a".repeat(64)}.example.com`,
    `${"a.".repeat(130)}example.com`,
  ])("refuses %j", (text) => {
    expect(normalizeHostname(text)).toBeNull();
  });
});
