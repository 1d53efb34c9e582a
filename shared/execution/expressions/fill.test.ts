import { describe, expect, it } from "vitest";
import { fillTemplate, templateFaults } from "./fill.ts";

const sources = {
  body: { user: { name: "Ada", tags: ["a", "b"] }, total: 3, none: null },
  headers: { "x-event": "order", "content-type": "application/json" },
};
const fill = (value: unknown) => fillTemplate(value, sources, "inputs.x");

describe("filling from sources", () => {
  it.each([
    ["{{ body.total }}", 3],
    ["{{ body.user }}", sources.body.user],
    ["{{ body.user.tags[1] }}", "b"],
    ["{{ headers.x-event }}", "order"],
    ["{{ body.total - 1 }}", 2],
    ["{{ $uppercase(body.user.name) }}", "ADA"],
    ["{{ body.missing.deep }}", null],
    ["{{ body.constructor }}", null],
    ["{{ nowhere }}", null],
    ["Hello {{ body.user.name }}, {{ headers.content-type }}{{ body.none }}", "Hello Ada, application/json"],
    ["plain", "plain"],
    [7, 7],
    [{ list: ["{{ body.total }}", { deep: "{{ body.user.name }}!" }] }, { list: [3, { deep: "Ada!" }] }],
  ])("%j", async (value, expected) => {
    expect(await fill(value)).toEqual(expected);
  });

  it("fails by naming the field", async () => {
    await expect(fill({ deep: "{{ $number('x') }}" })).rejects.toMatchObject({
      code: "validation_failed",
      faults: [{ path: "inputs.x.deep", code: "expression_failed", message: expect.stringContaining("position 11") }],
    });
    await expect(fill("{{ body")).rejects.toMatchObject({ code: "validation_failed", faults: [{ path: "inputs.x" }] });
  });
});

describe("checking what is to be filled", () => {
  const faults = (value: unknown) => templateFaults(value, ["body", "headers"], "inputs");

  it("finds nothing wrong with what can be read and seen", async () => {
    expect(await faults({ a: "{{ body.x }}", b: "{{ headers.x-y }} {{ $sum(body.items.price) }}", c: 1, d: "{{ $ }}" })).toEqual([]);
  });

  it.each([
    ["{{ bod.x }}", "unknown_name", "body, headers"],
    ["{{ secrets.key }}", "unknown_name", "secrets"],
    ["{{ $sum(nodes.x) }}", "unknown_name", "nodes"],
    ["{{ body.x", "invalid_expression", "never closed"],
    ["{{ body. }}", "invalid_expression", "position"],
    ["{{ }}", "invalid_expression", "empty"],
    ["{{ $eval('1') }}", "invalid_expression", "$eval"],
  ])("%s", async (text, code, message) => {
    expect(await faults({ deep: [text] })).toEqual([{ path: "inputs.deep[0]", code, message: expect.stringContaining(message) }]);
  });
});
