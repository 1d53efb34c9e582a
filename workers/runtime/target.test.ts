import { describe, expect, it } from "vitest";
import { endpointOf, requireMethod } from "./target.ts";

describe("endpointOf", () => {
  it.each([
    ["", "page"],
    ["/", "page"],
    ["schema", "schema"],
    ["schema/", "schema"],
    ["runs", "runs"],
    ["runs/", "runs"],
    ["files", "files"],
    ["runs/run_1", "run"],
    ["runs/run_1/", "run"],
    ["runs/run_1/events", "run_events"],
  ])("reads '%s' as %s", (rest, name) => {
    expect(endpointOf(rest)).toMatchObject({ name });
  });

  it.each(["other", "schema/x", "runs//", "runs/run_1/nodes", "runs/run_1/events/x", "files/fil_1", "//", ".env"])(
    "does not know '%s'",
    (rest) => {
      expect(() => endpointOf(rest)).toThrow("was not found");
    },
  );
});

describe("requireMethod", () => {
  it("names the methods that an address takes", () => {
    expect(() => requireMethod(endpointOf("runs"), "POST")).not.toThrow();
    expect(() => requireMethod(endpointOf("runs"), "GET")).toThrow(
      expect.objectContaining({ code: "method_not_allowed", headers: { Allow: "POST, OPTIONS" } }),
    );
    expect(() => requireMethod(endpointOf(""), "DELETE")).toThrow(expect.objectContaining({ headers: { Allow: "GET, HEAD, OPTIONS" } }));
  });
});
