import { describe, expect, it } from "vitest";
import { preferencesOf } from "./preferences.ts";

describe("preferencesOf", () => {
  it.each([
    [undefined, { async: false, waitMs: null }],
    ["respond-async", { async: true, waitMs: null }],
    ["Respond-Async; foo=1, wait=10", { async: true, waitMs: 10_000 }],
    ['return=minimal, wait="5"', { async: false, waitMs: 5_000 }],
    ["wait=1, wait=2", { async: false, waitMs: 1_000 }],
    ["wait=soon", { async: false, waitMs: null }],
    ["respond-asynchronously", { async: false, waitMs: null }],
  ])("reads %j", (header, expected) => {
    expect(preferencesOf(new Headers(header === undefined ? {} : { Prefer: header }))).toEqual(expected);
  });
});
