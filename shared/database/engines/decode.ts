import type { SqlAnswer, ValueType } from "./driver.ts";

const MOMENT = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d+)?)(?:([+-]\d{2})(?::?(\d{2}))?)?$/;

/** A number where it is exact, else the digits as text. */
function decodeInteger(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/** JSON has no NaN or infinity: they stay text. */
function decodeFloat(text: string): number | string {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

/** RFC 3339 in UTC, to the millisecond. A moment without a zone is taken as UTC; what JSON's years cannot hold stays text. */
function decodeMoment(text: string): string {
  const parts = MOMENT.exec(text);
  if (!parts) return text;
  const [, date, time, hours = "+00", minutes = "00"] = parts;
  const moment = new Date(`${date}T${time}${hours}:${minutes}`);
  return Number.isNaN(moment.getTime()) ? text : moment.toISOString();
}

/** Shorter keys first, then by their bytes: the order in which PostgreSQL and MySQL keep a JSON object's keys. */
function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

/** The keys of every object in one order, so that equal values read the same from every server. */
function inOrder(_key: string, value: unknown): unknown {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? Object.fromEntries(Object.entries(value).sort(byKey)) : value;
}

/** A JSON text in the one form that equal values have. */
export function canonicalJson(text: string): string {
  return JSON.stringify(JSON.parse(text, inOrder));
}

/** A value from the server's text form. */
export function decodeValue(type: ValueType, text: string): unknown {
  switch (type) {
    case "boolean":
      return text === "t" || text === "true" || text === "1";
    case "integer":
      return decodeInteger(text);
    case "number":
      return decodeFloat(text);
    case "json":
      return JSON.parse(text, inOrder);
    case "timestamp":
      return decodeMoment(text);
    case "text":
      return text;
  }
}

/** An answer's rows by the names of their columns. */
export function decodeRows({ columns, rows }: Pick<SqlAnswer, "columns" | "rows">): Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name, type }, index) => [name, decodeCell(type, row[index] ?? null)])));
}

function decodeCell(type: ValueType, text: string | null): unknown {
  return text === null ? null : decodeValue(type, text);
}
