import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "../../../../tests/database/collect.ts";
import { jsonRows, ndjsonRows } from "./json-rows.ts";
import type { SourceRow } from "./source-row.ts";

type Reader = (chunks: AsyncIterable<string>) => AsyncGenerator<SourceRow>;

async function* pieces(text: string, length: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

async function read(reader: Reader, text: string, length = Infinity) {
  const rows = await collect(reader(pieces(text, Math.min(length, Math.max(1, text.length)))));
  return rows.map(({ line, values, faults }) => (faults.length > 0 ? `${faults[0]?.line} ${faults[0]?.message}` : [line, values]));
}

describe("jsonRows", () => {
  it.each([
    ["[]", []],
    [
      ' [\n{"a":1},\n{"a":"]}","b":{"c":["\\"",{}]}}\n] \n',
      [
        [2, { a: 1 }],
        [3, { a: "]}", b: { c: ['"', {}] } }],
      ],
    ],
    ['[{"a":1}', [[1, { a: 1 }], "1 must be followed by , or ]"]],
    ['[{"a":1},]', [[1, { a: 1 }], "1 must be a JSON object"]],
    ['[{"a":1}\n{"a":2}]', [[1, { a: 1 }], "2 must be followed by , or ]"]],
    ["[1]", ["1 must be a JSON object or ]"]],
    ['{"a":1}', ["1 must begin with ["]],
    ["", ["1 must begin with ["]],
    ['[\n{"a":', ["2 must be closed with }"]],
    ["[]x", ["1 must end with its ]"]],
    ['[{"a":x},{"b":1}]', ["1 must be one JSON object with the table's columns as its keys", [1, { b: 1 }]]],
  ])("reads %j", async (text, expected) => {
    expect(await read(jsonRows, text)).toEqual(expected);
    for (const length of [1, 2, 5]) expect(await read(jsonRows, text, length)).toEqual(expected);
  });

  it("reads back whatever was written, however it arrives", async () => {
    const rows = fc.array(fc.dictionary(fc.string({ unit: fc.constantFrom("a", '"', "\\", "{", "]", "\n") }), fc.jsonValue()), {
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 9 }), fc.constantFrom(undefined, 2), async (table, length, indent) => {
        const found = await read(jsonRows, JSON.stringify(table, null, indent), length);
        expect(found.map((row) => row[1])).toEqual(JSON.parse(JSON.stringify(table)));
      }),
    );
  });

  it("holds no more than one row", async () => {
    const found = await read(jsonRows, `[{"a":1},\n{"a":"${"x".repeat(1024 * 1024 + 4096)}"}]`, 4096);
    expect(found).toEqual([[1, { a: 1 }], "2 is larger than 1048576 characters"]);
  });
});

describe("ndjsonRows", () => {
  it.each([
    [
      '{"a":1}\n\n{"a":2}\r\n{"a":3}',
      [
        [1, { a: 1 }],
        [3, { a: 2 }],
        [4, { a: 3 }],
      ],
    ],
    ['{"a":1}\n[]\n', [[1, { a: 1 }], "2 must be one JSON object with the table's columns as its keys"]],
    ["", []],
    [`{"a":1}\n{"a":"${"x".repeat(1024 * 1024)}"}`, [[1, { a: 1 }], "2 is larger than 1048576 characters"]],
  ])("reads %#", async (text, expected) => {
    expect(await read(ndjsonRows, text)).toEqual(expected);
    expect(await read(ndjsonRows, text, 4096)).toEqual(expected);
  });
});
