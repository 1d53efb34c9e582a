import { describe, expect, it } from "vitest";
import { answerNodes } from "./answer-nodes.ts";
import { dependsOnRun, fillIn, rowsOf } from "./scope.ts";

const scope = { inputs: { name: "Ana" }, outputs: { count: 2, rows: [{ id: "a" }], nothing: null } };

describe("fillIn", () => {
  it("keeps the type of a value that stands alone", () => {
    expect(fillIn("{{ outputs.count }}", scope)).toBe(2);
    expect(fillIn(" {{outputs.rows[0].id}} ", scope)).toBe("a");
    expect(fillIn("{{ outputs }}", scope)).toBe(scope.outputs);
  });

  it("writes values into text", () => {
    expect(fillIn("{{ inputs.name }} has {{ outputs.count }}{{ outputs.nothing }}", scope)).toBe("Ana has 2");
  });

  it("leads nowhere but to inputs and outputs", () => {
    for (const path of ["secrets.key", "outputs.constructor", "outputs.__proto__.x", "inputs.name.length", "1 + 1", "outputs.rows[9].id"]) {
      expect(fillIn(`{{ ${path} }}`, scope)).toBeUndefined();
    }
  });

  it("does not fill in what an output says", () => {
    expect(fillIn("{{ outputs.a }}!", { inputs: {}, outputs: { a: "{{ outputs.b }}", b: "no" } })).toBe("{{ outputs.b }}!");
  });
});

describe("rowsOf", () => {
  it("takes lists of objects or plain values, and nothing else", () => {
    expect(rowsOf([{ a: 1 }, 2])).toEqual([{ a: 1 }, { value: 2 }]);
    expect(rowsOf("text")).toEqual([]);
    expect(rowsOf(undefined)).toEqual([]);
  });
});

describe("dependsOnRun", () => {
  it("tells what changes from what stands", () => {
    expect(dependsOnRun("Total: {{ outputs.sum }}")).toBe(true);
    expect(dependsOnRun("See outputs below.")).toBe(false);
  });
});

describe("answerNodes", () => {
  const workflow = {
    nodes: [
      { id: "draft", type: "llm", config: {} },
      { id: "reply", type: "generate", config: { input: "{{ nodes.draft.text }}" } },
      { id: "letter", type: "template", config: { text: "Dear {{ inputs.name }}, {{ nodes.reply.text }}" } },
      { id: "end", type: "end", config: { outputs: { letter: "{{ nodes.letter.text }}", notes: "{{ nodes.draft.text }}" } } },
    ],
    edges: [],
  };

  it("follows what is shown back to whoever wrote it", () => {
    expect(answerNodes(workflow, { type: "text", props: { content: "{{ outputs.letter }}" } }).toSorted()).toEqual(["letter", "reply"]);
    expect(answerNodes(workflow, { type: "text", props: { content: "{{ outputs.notes }}" } })).toEqual(["draft"]);
    expect(answerNodes(workflow, undefined).toSorted()).toEqual(["draft", "letter", "reply"]);
  });
});
