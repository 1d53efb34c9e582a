import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "../../../../tests/database/collect.ts";
import { csvRecords } from "./csv-parser.ts";

/** A text in pieces of a length. */
async function* pieces(text: string, length: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

async function records(text: string, length = Infinity) {
  const found = [];
  for await (const record of csvRecords(pieces(text, Math.min(length, Math.max(1, text.length))))) {
    found.push("malformed" in record ? `${record.line} ${record.malformed}` : [record.line, ...record.fields.map((field) => field.text)]);
  }
  return found;
}

const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe("csvRecords", () => {
  it.each([
    [
      "a,b\r\n1,2\r\n",
      [
        [1, "a", "b"],
        [2, "1", "2"],
      ],
    ],
    [
      "a,b\n1,2",
      [
        [1, "a", "b"],
        [2, "1", "2"],
      ],
    ],
    [
      "a\rb\r",
      [
        [1, "a"],
        [2, "b"],
      ],
    ],
    [
      "a\r\n\r\n\nb\n",
      [
        [1, "a"],
        [4, "b"],
      ],
    ],
    [
      '"a ""b"" c","d\r\ne",f\r\ng,h,i',
      [
        [1, 'a "b" c', "d\r\ne", "f"],
        [3, "g", "h", "i"],
      ],
    ],
    [
      ",\n,,",
      [
        [1, "", ""],
        [2, "", "", ""],
      ],
    ],
    ['""', [[1, ""]]],
    ["", []],
    ["\n\n", []],
  ])("parts %j", async (text, expected) => {
    expect(await records(text)).toEqual(expected);
    for (const length of [1, 2, 3]) expect(await records(text, length)).toEqual(expected);
  });

  it.each([
    ['a\nb"c\nd', [[1, "a"], "2 stray_quote"]],
    ['a\n"b"c\nd', [[1, "a"], "2 after_quote"]],
    ['a\n"b\nc\nd', [[1, "a"], "2 open_quote"]],
    [`a\n${"x".repeat(1024 * 1024 + 1)}`, [[1, "a"], "2 too_big"]],
  ])("says where %j cannot be read any further", async (text, expected) => {
    expect(await records(text)).toEqual(expected);
    expect(await records(text, 1000)).toEqual(expected);
  });

  it("tells an empty text from no value", async () => {
    const [record] = await collect(csvRecords(pieces('"",', 1)));
    expect(record).toMatchObject({
      fields: [
        { text: "", quoted: true },
        { text: "", quoted: false },
      ],
    });
  });

  it("gives back whatever was written, however it arrives", async () => {
    const field = fc.string({ unit: fc.constantFrom("a", '"', ",", "\r", "\n", " ", "é", "𝒳") });
    const rows = fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 7 }), fc.constantFrom("\n", "\r\n", "\r"), async (table, length, end) => {
        const text = table.map((fields) => fields.map(quote).join(",") + end).join("");
        const found = await records(text, length);
        expect(found.map((record) => record.slice(1))).toEqual(table);
      }),
    );
  });
});
