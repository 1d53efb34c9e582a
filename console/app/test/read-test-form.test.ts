import { describe, expect, it } from "vitest";
import { en } from "../i18n/en.ts";
import type { DeclaredInput } from "./draft.server.ts";
import { readTestForm } from "./read-test-form.ts";
import { earlierOutputs, readWhat } from "./what.ts";

function declared(...inputs: Partial<DeclaredInput>[]): DeclaredInput[] {
  return inputs.map((input) => ({ name: "x", type: "string", ...input }));
}

function read(form: Record<string, string>, ...inputs: Partial<DeclaredInput>[]) {
  return readTestForm(form, declared(...inputs), en);
}

describe("readTestForm", () => {
  it.each([
    [{ type: "string" }, "a\r\nb", "a\nb"],
    [{ type: "integer" }, "2", 2],
    [{ type: "number" }, "two", "two"],
    [{ type: "boolean" }, "on", true],
    [{ type: "json" }, '{"a":[1]}', { a: [1] }],
    [{ type: "number", enum: [1, 2] }, "2", 2],
  ] satisfies [Partial<DeclaredInput>, string, unknown][])("reads %j", (input, entered, value) => {
    expect(read({ "input.x": entered }, input)).toEqual({ ok: true, body: { inputs: { x: value } } });
  });

  it("leaves out what was left empty, and files", () => {
    const form = { "input.a": " ", "input.b": "fil_1" };
    expect(read(form, { name: "a", type: "number" }, { name: "b", type: "file" }, { name: "c", type: "boolean" })).toEqual({
      ok: true,
      body: { inputs: { c: false } },
    });
  });

  it("names every field with JSON that is none", () => {
    const answer = read({ "input.x": "{", pinned: "[]" }, { type: "json" });
    expect(!answer.ok && answer.problem.faults.map(({ path, message }) => [path, message])).toEqual([
      ["inputs.x", en.test.notJson],
      ["pinned", en.test.notObject],
    ]);
  });

  it("begins where it is told, with what earlier steps gave", () => {
    const form = { what: "from:reply", pinned: '{"kind":{"intent":"sales"}}', based: "run_1" };
    expect(read(form)).toEqual({
      ok: true,
      body: { inputs: {}, from_node: "reply", pinned: { kind: { intent: "sales" } }, run_id: "run_1" },
    });
    expect(read({ what: "only:reply" })).toEqual({ ok: true, body: { inputs: {}, only_node: "reply" } });
  });
});

describe("earlierOutputs", () => {
  const nodes = ["start", "kind", "reply", "end"].map((id) => ({ id, type: id === "start" ? "start" : "template" }));
  const edges = [
    { from: "start", to: "kind" },
    { from: "kind", to: "reply" },
    { from: "reply", to: "end" },
  ];
  const log = (node_id: string, outputs: unknown, status = "completed") => ({ node_id, outputs, status });
  const logs = [log("start", { a: 1 }), log("kind", { intent: "sales" }), log("reply", { text: "Hi" }), log("end", {})];

  it("gives what came before, without the start", () => {
    expect(earlierOutputs(readWhat("from:end"), { nodes, edges }, logs)).toEqual({ kind: { intent: "sales" }, reply: { text: "Hi" } });
    expect(earlierOutputs(readWhat("only:reply"), { nodes, edges }, logs)).toEqual({ kind: { intent: "sales" } });
    expect(earlierOutputs(readWhat("all"), { nodes, edges }, logs)).toEqual({});
  });

  it("leaves out what failed, and what the log holds only the beginning of", () => {
    const poor = [log("kind", null, "failed"), log("reply", { truncated: true, bytes: 99_999, preview: "{" })];
    expect(earlierOutputs(readWhat("from:end"), { nodes, edges }, poor)).toEqual({});
  });
});
