import type { SqlAnswer } from "#platform/objects/database-pool";
import type { OperationResult } from "./operation.ts";
import { COUNT_COLUMN } from "./sql.ts";

/** Object ids of PostgreSQL's built-in types (pg_type.dat); they never change. */
const OID = {
  bool: 16,
  int8: 20,
  int2: 21,
  int4: 23,
  json: 114,
  float4: 700,
  float8: 701,
  timestamp: 1114,
  timestamptz: 1184,
  jsonb: 3802,
};

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

/** A value from PostgreSQL's text form, by the type of its column. Types without a JSON form of their own stay text. */
export function decodeValue(type: number, text: string): unknown {
  switch (type) {
    case OID.bool:
      return text === "t" || text === "true";
    case OID.int2:
    case OID.int4:
    case OID.int8:
      return decodeInteger(text);
    case OID.float4:
    case OID.float8:
      return decodeFloat(text);
    case OID.json:
    case OID.jsonb:
      return JSON.parse(text);
    case OID.timestamp:
    case OID.timestamptz:
      return decodeMoment(text);
    default:
      return text;
  }
}

/** An answer as the db node's output. */
export function toResult(answer: SqlAnswer): OperationResult {
  const rows = answer.rows.map((row) =>
    Object.fromEntries(answer.columns.map(({ name, type }, index) => [name, decodeCell(type, row[index] ?? null)])),
  );
  return { rows, count: answer.count };
}

function decodeCell(type: number, text: string | null): unknown {
  return text === null ? null : decodeValue(type, text);
}

/** The same for a statement whose last column counts: the column goes, the count stays. */
export function toCountedResult(answer: SqlAnswer): OperationResult {
  const count = Number(answer.rows[0]?.at(-1) ?? 0);
  const columns = answer.columns.filter(({ name }) => name !== COUNT_COLUMN);
  const rows = columns.length === 0 ? [] : answer.rows;
  return { rows: toResult({ columns, rows, count }).rows, count };
}
