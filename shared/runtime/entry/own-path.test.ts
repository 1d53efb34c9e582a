import { describe, expect, it } from "vitest";
import { pathWithin } from "./own-path.ts";

describe("pathWithin", () => {
  it("keeps what is below the app", () => {
    expect(pathWithin("/acme/desk", "/acme/desk?a=1")).toBe("/acme/desk?a=1");
    expect(pathWithin("/acme/desk", "/acme/desk/runs/run_1")).toBe("/acme/desk/runs/run_1");
    expect(pathWithin("", "/?a=1")).toBe("/?a=1");
    expect(pathWithin("", "/runs/run_1")).toBe("/runs/run_1");
  });

  it.each([
    "https://evil.test/",
    "//evil.test",
    "/\\evil.test",
    "/\t/evil.test",
    "/.//evil.test",
    "javascript:alert(1)",
    "/acme/desktop",
    "/acme/desk/../other",
    "/api/v1",
    `/acme/desk/${"x".repeat(2_000)}`,
    "",
    null,
    undefined,
  ])("turns %j into the app's own page", (wanted) => {
    expect(pathWithin("/acme/desk", wanted)).toBe("/acme/desk");
  });

  it.each(["//evil.test", "/\\evil.test", "/\t/evil.test", "/.//evil.test", "https://evil.test"])(
    "takes nobody from the root of a host to %j",
    (wanted) => {
      expect(pathWithin("", wanted)).toBe("/");
    },
  );
});
