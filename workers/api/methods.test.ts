import { describe, expect, it } from "vitest";
import { unroutable } from "./methods.ts";

const routes = [
  { method: "ALL", path: "/*" },
  { method: "GET", path: "/apps/:id" },
  { method: "PATCH", path: "/apps/:id" },
  { method: "GET", path: "/openapi.json" },
];

describe("a request without a route", () => {
  it("is told which methods the address has", () => {
    expect(unroutable(routes, "POST", "/apps/app_1")).toMatchObject({ code: "method_not_allowed", headers: { Allow: "GET, PATCH" } });
  });

  it.each(["/apps", "/apps/", "/apps/a/b", "/openapi-json"])("finds nothing at %s", (path) => {
    expect(unroutable(routes, "GET", path).code).toBe("not_found");
  });
});
