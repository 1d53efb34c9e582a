import { decodeValue } from "../engines/decode.ts";
import type { ColumnType } from "../schema/db-schema.ts";

/** A number of a JSON text that no double holds, as the text that it keeps. */
class ExactNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Digits without zeros at either end, and the power of ten of the last: equal for equal numbers, however they are written. */
function decimalForm(text: string): string {
  const [, sign = "", whole = "", part = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${part}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  return `${sign}${significant}e${Number(exponent) - part.length + digits.length - significant.length}`;
}

function exactly(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined) return value;
  const form = decimalForm(source);
  return form === decimalForm(String(value)) ? value : new ExactNumber(form);
}

/** Shorter keys first, then by their characters: the order in which PostgreSQL and MySQL keep them. */
function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

function write(value: unknown): string {
  if (value instanceof ExactNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(byKey);
  return `{${entries.map(([key, nested]) => `${JSON.stringify(key)}:${write(nested)}`).join(",")}}`;
}

/** JSON has no minus zero, which both servers tell apart from zero. */
function numberText(text: string): string {
  const value = decodeValue("number", text);
  return Object.is(value, -0) ? "-0" : String(value);
}

/**
 * A value of a declared column's type in the one text form that equal values have on every server, from the text that a
 * server gave. Nothing is lost: integers and the numbers inside JSON keep all their digits, and what only one server can hold
 * (`NaN`, years beyond 9999) stays as it is. It is the form of `encodeValue`, which a dialect's `encoded` takes.
 */
export function cellText(type: ColumnType, text: string): string {
  switch (type) {
    case "json":
      return write(JSON.parse(text, exactly));
    case "number":
      return numberText(text);
    case "boolean":
    case "timestamp":
      return String(decodeValue(type, text));
    case "id":
      return text.toLowerCase();
    case "integer":
    case "text":
      return text;
  }
}
