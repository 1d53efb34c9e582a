import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasSoundTable, pdfTexts } from "../testing/pdf-text.ts";
import { PdfDocument } from "./document.ts";

function written(texts: readonly string[]): Uint8Array {
  const document = new PdfDocument();
  document.addPage();
  for (const [index, text] of texts.entries()) document.text(48, 64 + index, text);
  return document.bytes();
}

describe("a PDF", () => {
  it("is read back with what was written, in any script, whatever it has in it", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 5 }), (texts) => {
        const file = written(texts);
        expect(pdfTexts(file)).toEqual(texts.map((text) => text.replace(/\p{Cc}/gu, " ")));
        expect(hasSoundTable(file)).toBe(true);
      }),
    );
  });

  it("writes what would be syntax as text", () => {
    expect(pdfTexts(written(["( ET ) <20> Tj \\", "王小明 – €5 ’ Ω 😀"]))).toEqual(["( ET ) <20> Tj \\", "王小明 – €5 ’ Ω 😀"]);
  });

  it("lines up numbers at their ends", () => {
    const document = new PdfDocument();
    document.addPage();
    document.text(547, 100, "1,234.50", { right: true, size: 10 });
    const x = Number(/BT ([\d.]+) /.exec(new TextDecoder().decode(document.bytes()))?.[1]);
    expect(547 - x).toBeCloseTo((6 * 556 + 2 * 278) / 100, 2);
  });
});
