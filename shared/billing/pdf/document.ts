/*
 * A small writer of PDF (ISO 32000-1): text and rules on A4 pages, in Helvetica, which every reader has. What WinAnsi cannot
 * write is written in a font for Chinese, Japanese kana, Greek and Cyrillic that readers bring themselves (9.7.5.2, Table 118),
 * so that nothing has to be embedded; what it says is noted beside it (ActualText, 14.9.4), to be copied and searched anywhere.
 */

const PAGE = { width: 595, height: 842 } as const;

/** Widths of Helvetica's characters, in thousandths of the size (Adobe's AFM); what is missing is as wide as a digit. */
const WIDTHS: Readonly<Record<string, number>> = {
  ".": 278,
  ",": 278,
  " ": 278,
  "-": 333,
  "/": 278,
  ":": 278,
  "(": 333,
  ")": 333,
  "%": 889,
};
const DIGIT_WIDTH = 556;

/** Bytes of WinAnsi above ASCII that are not Latin-1 (Annex D.2). */
const WIN_ANSI: Readonly<Record<string, number>> = {
  "€": 0x80,
  "‚": 0x82,
  "„": 0x84,
  "…": 0x85,
  "‘": 0x91,
  "’": 0x92,
  "“": 0x93,
  "”": 0x94,
  "–": 0x96,
  "—": 0x97,
};

export interface TextStyle {
  readonly size?: number;
  readonly bold?: boolean;
  /** `x` is where the text ends, not where it begins. For numbers: of letters the width is only estimated. */
  readonly right?: boolean;
}

function winAnsiByte(character: string): number | undefined {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0x20 && code <= 0x7e) return code;
  if (code >= 0xa0 && code <= 0xff) return code;
  return WIN_ANSI[character];
}

/** Parts of a text that are written in one font. */
function runsOf(text: string): { readonly latin: boolean; readonly text: string }[] {
  const runs: { latin: boolean; text: string }[] = [];
  for (const character of text.replace(/[\p{Cc}\p{Cs}]/gu, " ")) {
    const latin = winAnsiByte(character) !== undefined;
    const last = runs.at(-1);
    if (last?.latin === latin) last.text += character;
    else runs.push({ latin, text: character });
  }
  return runs;
}

const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, "0");

/** UTF-16, as text strings and the font of other scripts have it. */
function utf16(text: string): string {
  return Array.from({ length: text.length }, (_, index) => hex(text.charCodeAt(index), 4)).join("");
}

/** The operators that show a run. A space goes before other scripts: a reader that lacks their font has something to hang the text on. */
function show({ latin, text }: { readonly latin: boolean; readonly text: string }, font: string, size: number): string {
  const bytes = Array.from(text, (character) => hex(winAnsiByte(character) ?? 0x3f, 2)).join("");
  if (latin) return `/${font} ${size} Tf <${bytes}> Tj`;
  const units = utf16(text);
  return `/Span << /ActualText <FEFF${units}> >> BDC /${font} ${size} Tf <20> Tj /F3 ${size} Tf <${units}> Tj EMC`;
}

/** Width of a text in points. */
function widthOf(text: string, size: number): number {
  const thousandths = Array.from(text).reduce((sum, character) => {
    const wide = winAnsiByte(character) === undefined ? 1000 : DIGIT_WIDTH;
    return sum + (WIDTHS[character] ?? wide);
  }, 0);
  return (thousandths * size) / 1000;
}

/** Pages that are written from top to bottom. Distances are points (1/72 inch) from the top left. */
export class PdfDocument {
  readonly #pages: string[][] = [];

  addPage(): void {
    this.#pages.push([]);
  }

  get height(): number {
    return PAGE.height;
  }

  text(x: number, y: number, text: string, { size = 9, bold = false, right = false }: TextStyle = {}): void {
    const from = right ? x - widthOf(text, size) : x;
    const shown = runsOf(text).map((run) => show(run, bold ? "F2" : "F1", size));
    this.#draw(`BT ${from.toFixed(2)} ${(PAGE.height - y).toFixed(2)} Td ${shown.join(" ")} ET`);
  }

  rule(x: number, y: number, to: number): void {
    const height = (PAGE.height - y).toFixed(2);
    this.#draw(`0.5 w ${x} ${height} m ${to} ${height} l S`);
  }

  #draw(operation: string): void {
    const page = this.#pages.at(-1);
    if (!page) throw new Error("a document has no page yet");
    page.push(operation);
  }

  /** The file. Only ASCII is written: one character is one byte, and offsets are lengths. */
  bytes(): Uint8Array {
    const objects = [...FONTS];
    const [catalog, tree] = [objects.length + 1, objects.length + 2];
    const firstPage = tree + 1;
    const kids = this.#pages.map((_, index) => `${firstPage + 2 * index} 0 R`);
    objects.push(`<< /Type /Catalog /Pages ${tree} 0 R >>`, `<< /Type /Pages /Kids [${kids.join(" ")}] /Count ${kids.length} >>`);
    for (const [index, page] of this.#pages.entries()) {
      const box = `[0 0 ${PAGE.width} ${PAGE.height}]`;
      const resources = "<< /Font << /F1 1 0 R /F2 2 0 R /F3 3 0 R >> >>";
      const contents = firstPage + 2 * index + 1;
      objects.push(`<< /Type /Page /Parent ${tree} 0 R /MediaBox ${box} /Resources ${resources} /Contents ${contents} 0 R >>`);
      objects.push(stream(page.join("\n")));
    }
    return new TextEncoder().encode(fileOf(objects, catalog));
  }
}

function stream(content: string): string {
  return `<< /Length ${content.length} >>\nstream\n${content}\nendstream`;
}

/** Objects in their order, the table of where they are, and the trailer (7.5). */
function fileOf(objects: readonly string[], catalog: number): string {
  let file = "%PDF-1.7\n";
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const size = objects.length + 1;
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join("")}`;
  return `${file}${table}trailer\n<< /Size ${size} /Root ${catalog} 0 R >>\nstartxref\n${file.length}\n%%EOF\n`;
}

const CJK = "/BaseFont /STSong-Light";

/** Objects 1 to 5: the three fonts that pages name, and what the third is made of. */
const FONTS: readonly string[] = [
  "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
  "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
  `<< /Type /Font /Subtype /Type0 ${CJK} /Encoding /UniGB-UTF16-H /DescendantFonts [4 0 R] >>`,
  `<< /Type /Font /Subtype /CIDFontType0 ${CJK} /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 5 >> /FontDescriptor 5 0 R >>`,
  "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
];
