import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { en } from "../i18n/en.ts";
import { placeFaults, syntaxFaults } from "./faults.ts";
import { readJsonDocument } from "./json-document.ts";
import { lineAndColumn, locate } from "./locate.ts";

const MANIFEST = `{
  "name": "Lead desk",
  "workflow": {
    "nodes": [
      { "id": "start", "type": "start", "config": {} },
      { "id": "save", "type": "db", "config": { "table": "laeds", "values": { "a.b": 1, "a": { "b": 2 } } } }
    ]
  }
}`;

function textAt(path: string): string {
  const { from, to } = locate(MANIFEST, path);
  return MANIFEST.slice(from, to);
}

/** Every plain value of a document with its path, as the API writes paths. */
function plainValues(value: unknown, path: string): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => plainValues(item, `${path}[${index}]`));
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, item]: [string, unknown]) => plainValues(item, path === "" ? key : `${path}.${key}`));
}

describe("locate", () => {
  it("finds a plain value by its path", () => {
    expect(textAt("workflow.nodes[1].config.table")).toBe('"laeds"');
    expect(textAt("name")).toBe('"Lead desk"');
  });

  it("marks the key of an object or a list, and an item by its bracket", () => {
    expect(textAt("workflow.nodes")).toBe('"nodes"');
    expect(textAt("workflow.nodes[0]")).toBe("{");
  });

  it("falls back to what exists when a field is missing", () => {
    expect(textAt("workflow.edges[0].to")).toBe('"workflow"');
    expect(textAt("workflow.nodes[0].config.inputs")).toBe('"config"');
    expect(locate(MANIFEST, "ui_schema")).toEqual({ from: 0, to: 1 });
    expect(locate(MANIFEST, "")).toEqual({ from: 0, to: 1 });
  });

  it("tells a name with a dot from two names", () => {
    expect(textAt("workflow.nodes[1].config.values.a.b")).toBe("1");
  });

  it("points at the mistake where the text is no JSON", () => {
    expect(locate('{ "a": }', "a")).toEqual({ from: 7, to: 8 });
  });

  it("finds every value of any document", () => {
    const name = fc.stringMatching(/^[a-z_]{1,8}$/);
    const json = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, fc.integer(), fc.boolean(), fc.string(), fc.array(tie("value"), { maxLength: 4 }), tie("object")),
      object: fc.dictionary(name, tie("value"), { maxKeys: 4 }),
    })).object;
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 2), (document, indent) => {
        const text = JSON.stringify(document, null, indent);
        for (const [path, value] of plainValues(document, "")) {
          const { from, to } = locate(text, path);
          expect(JSON.parse(text.slice(from, to))).toEqual(value);
        }
      }),
    );
  });
});

describe("readJsonDocument", () => {
  it("agrees with JSON.parse on what is JSON", () => {
    const parses = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    const edited = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.constantFrom("", ",", '"', "}", "]", "1", "-", "tru", "\\", " ", "\n"))
      .map(([text, at, edit]) => text.slice(0, at % (text.length + 1)) + edit + text.slice((at % (text.length + 1)) + 1));
    fc.assert(
      fc.property(edited, (text) => {
        expect(readJsonDocument(text).ok).toBe(parses(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['{"a" 1}', "colon", 5],
    ['{"a": 1 "b": 2}', "comma", 8],
    ["{a: 1}", "key", 1],
    ['{"a": "b', "string", 6],
    ["[1, 02]", "number", 4],
    ["[1,]", "value", 3],
    ["{} x", "end", 3],
    ["", "value", 0],
    ["[".repeat(10_000), "depth", 201],
  ])("says what is wrong with %s", (text, fault, at) => {
    expect(readJsonDocument(text)).toEqual({ ok: false, fault, at });
  });
});

describe("faults", () => {
  it("come in reading order, with line and column", () => {
    const faults = placeFaults(MANIFEST, [
      { path: "workflow.nodes[1].config.table", code: "unknown_table", message: "No such table." },
      { path: "name", code: "too_short", message: "Too short." },
    ]);
    expect(faults.map(({ path, line, column }) => ({ path, line, column }))).toEqual([
      { path: "name", line: 2, column: 11 },
      { path: "workflow.nodes[1].config.table", line: 6, column: 58 },
    ]);
  });

  it("are none for JSON, and the mistake for anything else", () => {
    expect(syntaxFaults(MANIFEST, en)).toEqual([]);
    expect(syntaxFaults('{\n  "a": nope\n}', en)).toEqual([
      { path: "", message: en.manifest.syntax.value, from: 9, to: 10, line: 2, column: 8 },
    ]);
  });

  it("count columns from one", () => {
    expect(lineAndColumn("ab\ncd", 0)).toEqual({ line: 1, column: 1 });
    expect(lineAndColumn("ab\ncd", 4)).toEqual({ line: 2, column: 2 });
  });
});
