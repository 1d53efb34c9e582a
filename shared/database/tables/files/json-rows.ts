import { z } from "zod";
import { faultyRow, MAX_ROW_SIZE, oversizedRow, type SourceRow } from "./source-row.ts";

const objectSchema = z.record(z.string(), z.unknown());

function objectRow(text: string, line: number): SourceRow {
  const refuse = () => faultyRow(line, "malformed", "must be one JSON object with the table's columns as its keys");
  try {
    const parsed = objectSchema.safeParse(JSON.parse(text));
    return parsed.success ? { line, size: text.length, values: parsed.data, faults: [] } : refuse();
  } catch {
    return refuse();
  }
}

/** The rows of a text with one JSON object a line. Empty lines are skipped. */
export async function* ndjsonRows(chunks: AsyncIterable<string>): AsyncGenerator<SourceRow> {
  let line = 1;
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) {
      if (text.trim() !== "") yield text.length > MAX_ROW_SIZE ? oversizedRow(line) : objectRow(text, line);
      line += 1;
    }
    if (rest.length > MAX_ROW_SIZE) {
      yield oversizedRow(line);
      return;
    }
  }
  if (rest.trim() !== "") yield objectRow(rest, line);
}

/** What may stand where: the array's opening bracket, an element or the closing bracket, an element, what follows one, or nothing. */
type Place = "array" | "first" | "element" | "separator" | "end";

const EXPECTED: Readonly<Record<Place, string>> = {
  array: "must begin with [",
  first: "must be a JSON object or ]",
  element: "must be a JSON object",
  separator: "must be followed by , or ]",
  end: "must end with its ]",
};

/** What follows a sign between the elements; nothing where it may not stand there. */
const NEXT: Readonly<Record<Place, Readonly<Record<string, Place>>>> = {
  array: { "[": "first" },
  first: { "]": "end" },
  element: {},
  separator: { ",": "element", "]": "end" },
  end: {},
};

/** Finds the elements of an array of objects in a text that arrives in pieces. */
class ArrayScanner {
  #place: Place = "array";
  #line = 1;
  /** The element under way, the line that it begins on, its open brackets, and whether its text is inside a string. */
  #element = "";
  #begun = 1;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** The elements that end in this piece, or why the text cannot be read any further. */
  *push(piece: string): Generator<SourceRow, boolean> {
    let start = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const character = piece[at] ?? "";
      if (character === "\n") this.#line += 1;
      const wasInside = this.#depth > 0;
      if (wasInside) this.#inside(character);
      else if (!this.#between(character)) {
        yield this.#refusal();
        return false;
      }
      if (!wasInside && this.#depth > 0) start = at;
      if (!wasInside || this.#depth > 0) continue;
      yield objectRow(this.#element + piece.slice(start, at + 1), this.#begun);
      this.#element = "";
      this.#place = "separator";
    }
    if (this.#depth > 0) this.#element += piece.slice(start);
    if (this.#element.length <= MAX_ROW_SIZE) return true;
    yield oversizedRow(this.#begun);
    return false;
  }

  /** What is missing where the text ends too early. */
  *end(): Generator<SourceRow> {
    if (this.#place !== "end") yield this.#depth > 0 ? faultyRow(this.#begun, "malformed", "must be closed with }") : this.#refusal();
  }

  #refusal(): SourceRow {
    return faultyRow(this.#line, "malformed", EXPECTED[this.#place]);
  }

  /** Whether a character may stand between two elements, or begins one. */
  #between(character: string): boolean {
    if (character === "{" && (this.#place === "first" || this.#place === "element")) {
      this.#depth = 1;
      this.#begun = this.#line;
      return true;
    }
    const next = /\s/.test(character) ? this.#place : NEXT[this.#place][character];
    if (next !== undefined) this.#place = next;
    return next !== undefined;
  }

  #inside(character: string): void {
    if (this.#escaped) this.#escaped = false;
    else if (character === "\\") this.#escaped = this.#inString;
    else if (character === '"') this.#inString = !this.#inString;
    else if (this.#inString) return;
    else if (character === "{" || character === "[") this.#depth += 1;
    else if (character === "}" || character === "]") this.#depth -= 1;
  }
}

/** The rows of one JSON array of objects, each as soon as it is complete. Ends with the first that shows that the rest cannot be read. */
export async function* jsonRows(chunks: AsyncIterable<string>): AsyncGenerator<SourceRow> {
  const scanner = new ArrayScanner();
  for await (const chunk of chunks) {
    if (!(yield* scanner.push(chunk))) return;
  }
  yield* scanner.end();
}
