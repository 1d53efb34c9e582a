/** The texts that a PDF shows, in the order it writes them; written from the format's side, not from the writer's. */
export function pdfTexts(file: Uint8Array): string[] {
  const source = new TextDecoder("latin1").decode(file);
  return Array.from(source.matchAll(/BT (.*?) ET/gs), ([, block = ""]) => {
    const parts = block.matchAll(/ActualText <FEFF([0-9A-F]*)> >> BDC .*? EMC|<([0-9A-F]*)> Tj/g);
    return Array.from(parts, ([, units, bytes = ""]) => (units === undefined ? decode(bytes, 2) : decode(units, 4))).join("");
  });
}

function decode(hex: string, digits: 2 | 4): string {
  const codes = hex.match(new RegExp(`.{${digits}}`, "g"))?.map((code) => Number.parseInt(code, 16)) ?? [];
  // WinAnsi, as PDF calls it.
  return digits === 2 ? new TextDecoder("windows-1252").decode(Uint8Array.from(codes)) : String.fromCharCode(...codes);
}

/** Whether the table at the end says where each object begins. */
export function hasSoundTable(file: Uint8Array): boolean {
  const source = new TextDecoder("latin1").decode(file);
  const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(source)?.[1]);
  const entries = Array.from(source.slice(start).matchAll(/^(\d{10}) 00000 n $/gm), ([, offset]) => Number(offset));
  return (
    source.startsWith("xref", start) &&
    entries.length > 0 &&
    entries.every((offset, index) => source.startsWith(`${index + 1} 0 obj`, offset))
  );
}
