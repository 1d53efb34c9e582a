import { describe, expect, it } from "vitest";
import { workflowSchema } from "../check.ts";
import { inARow } from "../fixtures/run-workflow.ts";
import { inputJsonSchema, outputJsonSchema } from "./json-schema.ts";
import { inputDeclarations, parseInputs } from "./parse.ts";
import { maxSubject, patternFault } from "./patterns.ts";

const FILE = "fil_01k00000000000000000000000";

function workflow(...inputs: Record<string, unknown>[]) {
  return workflowSchema.parse(inARow([], { answer: 1 }, inputs));
}

function declared(...inputs: Record<string, unknown>[]) {
  return inputDeclarations(workflow(...inputs));
}

function faultsOf(declaration: Record<string, unknown>, value: unknown): string[] {
  const parsed = parseInputs(declared({ name: "x", ...declaration }), { x: value });
  return parsed.ok ? [] : parsed.faults.map(({ path, code }) => `${path} ${code}`);
}

describe("parseInputs", () => {
  it.each([
    [{ type: "string" }, "text"],
    [{ type: "number" }, 1.5],
    [{ type: "integer" }, 2],
    [{ type: "boolean" }, false],
    [{ type: "json" }, { any: ["thing"] }],
    [{ type: "string", format: "email" }, "ada@example.com"],
    [{ type: "string", format: "url" }, "https://example.com/a?b=c"],
    [{ type: "string", format: "date" }, "2026-02-28"],
    [{ type: "string", format: "date-time" }, "2026-02-28T10:00:00Z"],
    [{ type: "string", format: "uuid" }, "0198c0de-0000-7000-8000-000000000000"],
    [{ type: "string", format: "phone" }, "+49 30 123456"],
    [{ type: "string", max_length: 2 }, "👍👍"],
    [{ type: "string", pattern: "^[a-z]+$" }, "abc"],
    [{ type: "string", enum: ["a", "b"] }, "b"],
    [{ type: "file" }, FILE],
    [{ type: "file" }, { id: FILE, name: "a.txt" }],
  ])("takes %j", (declaration, value) => {
    expect(faultsOf(declaration, value)).toEqual([]);
  });

  it.each([
    [{ type: "string" }, 1, "invalid_type"],
    [{ type: "number" }, "1", "invalid_type"],
    [{ type: "integer" }, 1.5, "invalid_type"],
    [{ type: "boolean" }, "true", "invalid_type"],
    [{ type: "string", format: "email" }, "not an address", "invalid_format"],
    [{ type: "string", format: "url" }, "javascript:alert(1)", "invalid_format"],
    [{ type: "string", format: "date" }, "2026-02-30", "invalid_format"],
    [{ type: "string", format: "uuid" }, "x", "invalid_format"],
    [{ type: "string", max_length: 2 }, "abc", "too_long"],
    [{ type: "string", min_length: 2 }, "a", "too_short"],
    [{ type: "number", min: 1 }, 0, "too_small"],
    [{ type: "number", max: 1 }, 2, "too_big"],
    [{ type: "string", pattern: "^[a-z]+$" }, "ABC", "invalid_pattern"],
    [{ type: "string", enum: ["a", "b"] }, "c", "not_allowed"],
    [{ type: "file" }, "a.txt", "invalid_type"],
    [{ type: "file" }, { name: "a.txt" }, "invalid_type"],
    [{ type: "file", required: true }, null, "required"],
    [{ type: "string", required: true }, "", "required"],
    [{ type: "string", required: true }, null, "required"],
  ])("refuses %j with %j", (declaration, value, code) => {
    expect(faultsOf(declaration, value)).toEqual([`inputs.x ${code}`]);
  });

  it("reports every fault at once, unknown inputs too", () => {
    const parsed = parseInputs(declared({ name: "a", type: "string", required: true }, { name: "b", type: "integer" }), { b: "x", c: 1 });
    expect(parsed).toMatchObject({
      ok: false,
      faults: [
        { path: "inputs.c", code: "unknown_input" },
        { path: "inputs.a", code: "required" },
        { path: "inputs.b", code: "invalid_type" },
      ],
    });
  });

  it("fills in defaults, and null for what is left out", () => {
    const parsed = parseInputs(declared({ name: "a", type: "string", default: "x" }, { name: "b", type: "integer" }), {});
    expect(parsed).toEqual({ ok: true, inputs: { a: "x", b: null } });
  });

  it("reads forms", () => {
    const fields = declared(
      { name: "count", type: "integer" },
      { name: "price", type: "number" },
      { name: "yes", type: "boolean" },
      { name: "unticked", type: "boolean" },
      { name: "data", type: "json" },
      { name: "blank", type: "number" },
      { name: "text", type: "string" },
    );
    const form = { count: "3", price: " 1.50", yes: "on", data: '{"a":1}', blank: "", text: "4" };
    expect(parseInputs(fields, form, { coerce: true })).toEqual({
      ok: true,
      inputs: { count: 3, price: 1.5, yes: true, unticked: false, data: { a: 1 }, blank: null, text: "4" },
    });
    expect(parseInputs(fields, { count: "three" }, { coerce: true })).toMatchObject({ ok: false });
  });

  it.each([[[]], ["text"], [3]])("refuses inputs that are no object: %j", (raw) => {
    expect(parseInputs(declared(), raw)).toMatchObject({ ok: false, faults: [{ path: "inputs" }] });
  });

  it("is not fooled by inherited names", () => {
    expect(parseInputs(declared({ name: "toString", type: "string" }), {})).toEqual({ ok: true, inputs: { toString: null } });
  });
});

describe("patternFault", () => {
  it.each(["^[a-z0-9]+$", "^(?:foo|bar)$", "^\\+?[0-9 ]{4,20}$", "^[^@]+@[^@]+\\.[a-z]{2,}$", "(ab){2}", "[(+*]"])(
    "allows %s",
    (pattern) => {
      expect(patternFault(pattern)).toBeUndefined();
    },
  );

  it.each([
    "(a+)+$",
    "(a|aa)*",
    "((ab)*c?)+",
    "(a{1,9})*",
    "(",
    "(a)\\1",
    "(?=a)",
    ".*.*.*.*x",
    "x".repeat(201),
    "a?".repeat(30),
    "a{0,200}".repeat(3),
  ])("refuses %s", (pattern) => {
    expect(patternFault(pattern)).toEqual(expect.any(String));
  });
});

describe("maxSubject", () => {
  it.each([
    ["\\w+@\\w+", 1_000],
    ["\\w+@\\w+\\.\\w+", 200],
  ])("bounds what %s is tried on", (pattern, characters) => {
    expect(maxSubject(pattern)).toBe(characters);
  });
});

describe("schemas", () => {
  it("describes inputs and outputs", () => {
    const declared = workflow(
      { name: "mail", type: "string", format: "email", required: true, max_length: 9 },
      { name: "n", type: "integer", min: 1 },
    );
    expect(inputJsonSchema(declared)).toMatchObject({
      type: "object",
      properties: { mail: { type: "string", format: "email", maxLength: 9 }, n: { type: "integer", minimum: 1 } },
      required: ["mail"],
    });
    expect(outputJsonSchema(declared)).toMatchObject({ type: "object", properties: { answer: {} }, required: ["answer"] });
  });
});
