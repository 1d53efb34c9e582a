import { describe, expect, it } from "vitest";
import { en } from "./en.ts";
import { preferredLocale } from "./locale.ts";
import { zh } from "./zh.ts";

/** Every text of a catalogue by its path; functions are called with numbers and names. */
function texts(words: object, path = ""): [string, string][] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]): [string, string][] => {
    if (typeof value === "string") return [[`${path}${key}`, value]];
    if (typeof value === "function") return [[`${path}${key}`, String(value(2, 3))]];
    return typeof value === "object" && value !== null ? texts(value, `${path}${key}.`) : [];
  });
}

describe("catalogues", () => {
  it("say the same things", () => {
    expect(texts(zh).map(([key]) => key)).toEqual(texts(en).map(([key]) => key));
  });

  it("leave nothing unsaid", () => {
    expect([...texts(en), ...texts(zh)].filter(([, text]) => text.trim() === "")).toEqual([]);
  });

  it("put the numbers in", () => {
    for (const words of [en, zh]) expect(words.manifest.position(12, 5)).toMatch(/12.*5/);
  });
});

describe("preferredLocale", () => {
  it.each([
    [null, "en"],
    ["", "en"],
    ["zh-CN,zh;q=0.9,en;q=0.8", "zh"],
    ["zh-TW", "zh"],
    ["en;q=0.5, zh;q=0.9", "zh"],
    ["fr, de;q=0.8", "en"],
    ["zh;q=0, en", "en"],
    ["fr, zh;q=0.1", "zh"],
  ])("%s means %s", (header, locale) => {
    expect(preferredLocale(header)).toBe(locale);
  });
});
