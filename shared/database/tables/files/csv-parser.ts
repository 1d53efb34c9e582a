import { MAX_ROW_SIZE } from "./source-row.ts";

/** A field of a record. Only a quoted one can be an empty text: an empty one without quotes is no value. */
export interface CsvField {
  readonly text: string;
  readonly quoted: boolean;
}

/** A record and the line that it begins on, or why the file cannot be read from there on. */
export type CsvRecord =
  | { readonly line: number; readonly size: number; readonly fields: readonly CsvField[] }
  | { readonly line: number; readonly malformed: "stray_quote" | "after_quote" | "open_quote" | "too_big" };

/** Before a field's first character, inside one with or without quotes, or after a quote that ends a field unless another follows. */
type State = "start" | "plain" | "quoted" | "quote";

type Malformed = Extract<CsvRecord, { malformed: string }>["malformed"];

/** The records of a text that arrives in pieces (RFC 4180). Lines may end with CR LF, LF or CR; empty lines are skipped. */
class CsvParser {
  #state: State = "start";
  #line = 1;
  /** The line that the record under way begins on. */
  #begun = 1;
  #size = 0;
  #text = "";
  #fields: CsvField[] = [];
  #afterReturn = false;
  #malformed: Malformed | undefined;

  /** The records that end in this piece. After a malformed one there are no more. */
  *push(piece: string): Generator<CsvRecord> {
    for (let at = 0; at < piece.length && this.#malformed === undefined; ) {
      at = this.#state === "quoted" || this.#state === "plain" ? this.#run(piece, at) : at;
      const character = piece[at];
      if (character === undefined) break;
      at += 1;
      const record = this.#step(character);
      if (record) yield record;
    }
    if (this.#malformed === undefined && this.#size > MAX_ROW_SIZE) this.#malformed = "too_big";
    if (this.#malformed !== undefined) yield { line: this.#begun, malformed: this.#malformed };
  }

  /** The record that the end of the text ends. */
  *end(): Generator<CsvRecord> {
    if (this.#malformed !== undefined) return;
    if (this.#state === "quoted") yield { line: this.#begun, malformed: "open_quote" };
    else {
      const record = this.#endRecord();
      if (record) yield record;
    }
  }

  get isMalformed(): boolean {
    return this.#malformed !== undefined;
  }

  /** Takes what stands for itself at once; gives where it ends. */
  #run(piece: string, at: number): number {
    const pattern = this.#state === "quoted" ? /["\r\n]/g : /[",\r\n]/g;
    pattern.lastIndex = at;
    const end = pattern.exec(piece)?.index ?? piece.length;
    this.#take(piece.slice(at, end));
    return end;
  }

  #take(text: string): void {
    this.#text += text;
    this.#size += text.length;
    if (text !== "") this.#afterReturn = false;
  }

  #step(character: string): CsvRecord | undefined {
    const isPaired = character === "\n" && this.#afterReturn;
    this.#afterReturn = character === "\r";
    const isLineEnd = character === "\r" || character === "\n";
    if (isLineEnd && !isPaired) this.#line += 1;
    if (this.#state === "quoted") return this.#stepQuoted(character);
    this.#size += 1;
    if (isPaired) {
      this.#begun = this.#line;
      return undefined;
    }
    if (isLineEnd) return this.#endRecord();
    if (character === ",") this.#endField();
    else if (character === '"') this.#stepQuote();
    else if (this.#state === "quote") this.#malformed = "after_quote";
    else {
      this.#text += character;
      this.#state = "plain";
    }
    return undefined;
  }

  #stepQuoted(character: string): undefined {
    if (character === '"') this.#state = "quote";
    else this.#text += character;
    this.#size += 1;
  }

  #stepQuote(): void {
    if (this.#state === "plain") {
      this.#malformed = "stray_quote";
      return;
    }
    // Two quotes inside quotes are one.
    if (this.#state === "quote") this.#text += '"';
    this.#state = "quoted";
  }

  #endField(): void {
    this.#fields.push({ text: this.#text, quoted: this.#state === "quote" });
    this.#text = "";
    this.#state = "start";
  }

  #endRecord(): CsvRecord | undefined {
    const isEmptyLine = this.#state === "start" && this.#fields.length === 0;
    if (!isEmptyLine) this.#endField();
    const record = { line: this.#begun, size: this.#size, fields: this.#fields };
    this.#fields = [];
    this.#size = 0;
    this.#begun = this.#line;
    return isEmptyLine ? undefined : record;
  }
}

/** The records of a CSV text (RFC 4180), as they arrive. A malformed one is the last. */
export async function* csvRecords(chunks: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  const parser = new CsvParser();
  for await (const chunk of chunks) {
    yield* parser.push(chunk);
    if (parser.isMalformed) return;
  }
  yield* parser.end();
}
