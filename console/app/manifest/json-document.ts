/*
 * A JSON reader (RFC 8259) that remembers where everything stands. `JSON.parse` tells neither the place of a value nor, in
 * every browser, the place of a mistake.
 */

type SyntaxFault = "value" | "string" | "number" | "key" | "colon" | "comma" | "end" | "depth";

interface JsonMember {
  readonly keyFrom: number;
  readonly keyTo: number;
  readonly value: JsonNode;
}

export type JsonNode = { readonly from: number; readonly to: number } & (
  | { readonly kind: "scalar" }
  | { readonly kind: "array"; readonly items: readonly JsonNode[] }
  | { readonly kind: "object"; readonly members: ReadonlyMap<string, JsonMember> }
);

export type JsonDocument =
  | { readonly ok: true; readonly root: JsonNode }
  | { readonly ok: false; readonly fault: SyntaxFault; readonly at: number };

/** Far deeper than any manifest, far from the end of the stack. */
const DEEPEST = 200;

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids exactly these characters in a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

/** Where reading stopped, and why. Thrown inside this file only. */
class Stop {
  readonly fault: SyntaxFault;
  readonly at: number;

  constructor(fault: SyntaxFault, at: number) {
    this.fault = fault;
    this.at = at;
  }
}

/** Reads a document, or says what is wrong with it and at which character. */
export function readJsonDocument(text: string): JsonDocument {
  try {
    const root = readValue(text, skipSpace(text, 0), 0);
    const end = skipSpace(text, root.to);
    return end === text.length ? { ok: true, root } : { ok: false, fault: "end", at: end };
  } catch (stop) {
    if (stop instanceof Stop) return { ok: false, fault: stop.fault, at: stop.at };
    throw stop;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function skipSpace(text: string, at: number): number {
  return at + (matchAt(SPACE, text, at)?.length ?? 0);
}

function readValue(text: string, at: number, depth: number): JsonNode {
  if (depth > DEEPEST) throw new Stop("depth", at);
  const first = text[at];
  if (first === "{") return readObject(text, at, depth);
  if (first === "[") return readArray(text, at, depth);
  if (first === '"') return { kind: "scalar", from: at, to: readString(text, at) };
  const scalar = matchAt(WORD, text, at) ?? matchAt(NUMBER, text, at);
  if (scalar === undefined) throw new Stop(first === "-" ? "number" : "value", at);
  const to = at + scalar.length;
  if (/[\w.+-]/.test(text[to] ?? "")) throw new Stop(/^[-\d]/.test(scalar) ? "number" : "value", at);
  return { kind: "scalar", from: at, to };
}

/** The end of the string that begins here. */
function readString(text: string, at: number): number {
  const string = matchAt(STRING, text, at);
  if (string === undefined) throw new Stop("string", at);
  return at + string.length;
}

/** After an item: the next item's place, or the end behind the closing bracket. */
function readSeparator(text: string, at: number, closing: string): { readonly next: number } | { readonly end: number } {
  const here = skipSpace(text, at);
  if (text[here] === ",") return { next: skipSpace(text, here + 1) };
  if (text[here] === closing) return { end: here + 1 };
  throw new Stop("comma", here);
}

function readArray(text: string, from: number, depth: number): JsonNode {
  const items: JsonNode[] = [];
  let at = skipSpace(text, from + 1);
  if (text[at] === "]") return { kind: "array", from, to: at + 1, items };
  for (;;) {
    const item = readValue(text, at, depth + 1);
    items.push(item);
    const separator = readSeparator(text, item.to, "]");
    if ("end" in separator) return { kind: "array", from, to: separator.end, items };
    at = separator.next;
  }
}

function readObject(text: string, from: number, depth: number): JsonNode {
  const members = new Map<string, JsonMember>();
  let at = skipSpace(text, from + 1);
  if (text[at] === "}") return { kind: "object", from, to: at + 1, members };
  for (;;) {
    if (text[at] !== '"') throw new Stop("key", at);
    const keyTo = readString(text, at);
    const colon = skipSpace(text, keyTo);
    if (text[colon] !== ":") throw new Stop("colon", colon);
    const value = readValue(text, skipSpace(text, colon + 1), depth + 1);
    members.set(String(JSON.parse(text.slice(at, keyTo))), { keyFrom: at, keyTo, value });
    const separator = readSeparator(text, value.to, "}");
    if ("end" in separator) return { kind: "object", from, to: separator.end, members };
    at = separator.next;
  }
}
