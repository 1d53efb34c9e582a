import type { ColumnType } from "./db-schema.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const WHOLE_NUMBER = /^-?(0|[1-9][0-9]{0,18})$/;
const MOMENT = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?$/i;
const MAX_BIGINT = 2n ** 63n - 1n;

/** What a value of each type must be, as the end of a sentence. */
const EXPECTATIONS: Readonly<Record<ColumnType, string>> = {
  id: "must be an id (a UUID)",
  text: "must be a text",
  integer: "must be a whole number of 64 bits",
  number: "must be a finite number",
  boolean: "must be true or false",
  json: "must be a JSON value",
  timestamp: "must be an RFC 3339 time with its offset, or a date",
};

export function expectationOf(type: ColumnType): string {
  return EXPECTATIONS[type];
}

function encodeText(value: unknown): string | undefined {
  // PostgreSQL cannot store the character NUL.
  return typeof value === "string" && !value.includes("\0") ? value : undefined;
}

/** A number where it is exact, else a text of digits: the form in which large integers are read. */
function encodeInteger(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined;
  if (typeof value !== "string" || !WHOLE_NUMBER.test(value)) return undefined;
  const integer = BigInt(value);
  return integer <= MAX_BIGINT && integer >= -MAX_BIGINT - 1n ? String(integer) : undefined;
}

function encodeTimestamp(value: unknown): string | undefined {
  const parts = typeof value === "string" ? MOMENT.exec(value) : null;
  if (!parts) return undefined;
  const [text, date = ""] = parts;
  const day = new Date(`${date}T00:00:00Z`);
  const moment = new Date(text);
  // A day such as 30 February is read as one in March.
  const exists = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date) && !Number.isNaN(moment.getTime());
  return exists ? moment.toISOString() : undefined;
}

/**
 * A value of a column's type in PostgreSQL's text form; `undefined` when it is not of that type. The value is not null:
 * whether a column may be without a value is not a matter of its type.
 */
export function encodeValue(type: ColumnType, value: unknown): string | undefined {
  switch (type) {
    case "id":
      return typeof value === "string" && UUID.test(value) ? value.toLowerCase() : undefined;
    case "text":
      return encodeText(value);
    case "integer":
      return encodeInteger(value);
    case "number":
      return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
    case "boolean":
      return typeof value === "boolean" ? String(value) : undefined;
    case "json":
      return JSON.stringify(value);
    case "timestamp":
      return encodeTimestamp(value);
  }
}

/** A parameter of a statement that the app's author wrote: the server finds its type; what is not a scalar is sent as JSON. */
export function encodeParameter(value: unknown): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : JSON.stringify(value);
}
