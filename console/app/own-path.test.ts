import { describe, expect, it } from "vitest";
import { ownPath, pagePath } from "./own-path.ts";

describe("ownPath", () => {
  it("keeps paths of the console", () => {
    expect(ownPath("/workspaces/w/apps?cursor=a#b")).toBe("/workspaces/w/apps?cursor=a#b");
  });

  it.each([
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\/evil",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/.//evil.example",
    "",
    null,
    undefined,
    3,
  ])("refuses %s", (wanted) => {
    expect(ownPath(wanted, "/home")).toBe("/home");
  });
});

describe("pagePath", () => {
  it.each([
    ["/workspaces/w/apps.data?_routes=routes%2Fapps&cursor=a", "/workspaces/w/apps?cursor=a"],
    ["/_root.data", "/"],
    ["/", "/"],
    ["/sign-in", "/sign-in"],
  ])("finds the page behind %s", (asked, page) => {
    expect(pagePath(new URL(asked, "https://console.example.com"))).toBe(page);
  });
});
