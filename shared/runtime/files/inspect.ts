import { agrees, isAllowed, namedType, textType } from "./media-types.ts";

/** A file as it came. */
export interface GivenFile {
  readonly name: string;
  /** The `Content-Type` that came with it; may be empty. */
  readonly declared: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type Inspected = { readonly ok: true; readonly type: string } | { readonly ok: false; readonly message: string };

/** As far as browsers look for what a text is. */
const HEAD_LENGTH = 1_500;
const MARKUP = /^\s*(<!--[\s\S]*?-->\s*)*<[!?]?(doctype|html|head|body|svg|script|style|iframe|xml|php|xsl|math)\b/i;
const INTERPRETED = /^#!/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what texts never hold is how they are told from other bytes
const CONTROL = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/;

async function magicOf(bytes: Uint8Array): Promise<string | null> {
  // Imported late: most runs have no files.
  const { fileTypeFromBuffer } = await import("file-type");
  try {
    return (await fileTypeFromBuffer(bytes))?.mime.split(";", 1)[0] ?? null;
  } catch {
    // Bytes that mislead the reader are of no type that it knows.
    return null;
  }
}

function textIn(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
    return CONTROL.test(text) ? null : text;
  } catch {
    // Not UTF-8, so not a text.
    return null;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function inspectText(text: string, declared: string | null, name: string): Inspected {
  const head = text.slice(0, HEAD_LENGTH);
  if (MARKUP.test(head) || INTERPRETED.test(head)) return { ok: false, message: "Markup and scripts are not taken." };
  const type = textType(declared, name);
  if (type === null) return { ok: false, message: "Of texts, only .txt, .csv, .json and .md are taken." };
  if (type === "application/json" && !isJson(text)) return { ok: false, message: "The file is not JSON, though it says so." };
  return { ok: true, type };
}

/** What a file is by its bytes, whatever it says it is; or why it is refused. */
export async function inspectFile({ name, declared, bytes }: GivenFile): Promise<Inspected> {
  const said = namedType(declared);
  const found = await magicOf(bytes);
  if (found === null) {
    const text = textIn(bytes);
    return text === null ? { ok: false, message: "Files of this type are not taken." } : inspectText(text, said, name);
  }
  if (!isAllowed(found)) return { ok: false, message: `Files of the type ${found} are not taken.` };
  if (said !== null && !agrees(said, found)) return { ok: false, message: `The file is ${found}, not ${said}.` };
  return { ok: true, type: found };
}
