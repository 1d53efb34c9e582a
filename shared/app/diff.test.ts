import { describe, expect, it } from "vitest";
import { differences } from "./diff.ts";

describe("differences", () => {
  it("finds none between equal values, whatever the order of keys", () => {
    expect(differences({ a: 1, b: [{ id: "x", n: null }] }, { b: [{ n: null, id: "x" }], a: 1 })).toEqual([]);
  });

  it("names fields by their path", () => {
    const before = { name: "A", config: { timeout_ms: 1000, locale: "en" } };
    const after = { name: "A", config: { timeout_ms: 2000, max_output_bytes: 5 } };
    expect(differences(before, after)).toEqual([
      { path: "config.timeout_ms", kind: "changed", before: 1000, after: 2000 },
      { path: "config.locale", kind: "removed", before: "en", after: null },
      { path: "config.max_output_bytes", kind: "added", before: null, after: 5 },
    ]);
  });

  it("follows nodes by their id, not by their place", () => {
    const before = { nodes: [{ id: "a", text: "1" }, { id: "b" }] };
    const after = { nodes: [{ id: "new" }, { id: "a", text: "2" }, { id: "b" }] };
    expect(differences(before, after)).toEqual([
      { path: "nodes[a].text", kind: "changed", before: "1", after: "2" },
      { path: "nodes[new]", kind: "added", before: null, after: { id: "new" } },
    ]);
  });

  it("follows edges by what they join", () => {
    const before = [
      { from: "a", to: "b" },
      { from: "b", port: "x", to: "c" },
    ];
    expect(differences(before, before.slice(1), "edges")).toEqual([
      { path: "edges[a -> b]", kind: "removed", before: { from: "a", to: "b" }, after: null },
    ]);
    expect(differences(before.slice(0, 1), before, "edges")).toEqual([
      { path: "edges[b.x -> c]", kind: "added", before: null, after: { from: "b", port: "x", to: "c" } },
    ]);
  });

  it("tells a new order", () => {
    expect(differences([{ id: "a" }, { id: "b" }], [{ id: "b" }, { id: "a" }], "blocks")).toEqual([
      { path: "blocks", kind: "changed", before: ["a", "b"], after: ["b", "a"] },
    ]);
  });

  it("compares nameless items by place", () => {
    expect(differences(["x", "y"], ["x", "z", "w"], "origins")).toEqual([
      { path: "origins[1]", kind: "changed", before: "y", after: "z" },
      { path: "origins[2]", kind: "added", before: null, after: "w" },
    ]);
  });

  it("tells a change of type as a change", () => {
    expect(differences({ per_app: null }, { per_app: { max_requests: 1 } })).toEqual([
      { path: "per_app", kind: "changed", before: null, after: { max_requests: 1 } },
    ]);
  });
});
