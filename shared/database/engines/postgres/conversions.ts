import type { ColumnType } from "../../schema/db-schema.ts";

const INTEGERS_HOLD = "BETWEEN -9223372036854775808 AND 9223372036854775807";
const DOUBLES_HOLD = "BETWEEN -9007199254740992 AND 9007199254740992";

/** A timestamp as RFC 3339 writes it. */
const momentText = (x: string) => `to_char(${x} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const matching = (x: string, pattern: string, value: string) => `CASE WHEN ${x} ~ '${pattern}' THEN ${value} END`;

/** A column's value as one of another type, null where it has no counterpart. By the types, from and to. */
const CONVERSIONS: Readonly<Record<string, (x: string) => string>> = {
  "id text": (x) => `${x}::text`,
  "integer text": (x) => `${x}::text`,
  "number text": (x) => `${x}::text`,
  "boolean text": (x) => `${x}::text`,
  "json text": (x) => `${x}::text`,
  "timestamp text": momentText,
  "integer number": (x) => `${x}::double precision`,
  "number integer": (x) => `CASE WHEN ${x} = trunc(${x}) AND ${x} ${DOUBLES_HOLD} THEN ${x}::bigint END`,
  "text integer": (x) => matching(x, "^-?[0-9]{1,19}$", `CASE WHEN ${x}::numeric ${INTEGERS_HOLD} THEN ${x}::bigint END`),
  "text number": (x) => matching(x, "^-?[0-9]{1,15}([.][0-9]{1,15})?([eE][-+]?[0-9]{1,2})?$", `${x}::double precision`),
  "text boolean": (x) => matching(x, "^(true|false)$", `${x}::boolean`),
  "text timestamp": (x) =>
    matching(x, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,3})?Z$", `${x}::timestamp(3) with time zone`),
  "text id": (x) => matching(x, "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", `${x}::uuid`),
};

/** The expression that carries a value over. */
export function conversionExpression(from: ColumnType | null, to: ColumnType | null, x: string): string {
  return CONVERSIONS[`${from} ${to}`]?.(x) ?? x;
}

/** Finds what a conversion that loses nothing cannot carry over: whole numbers of which a double has no exact form. */
export function inexactCondition(from: ColumnType | null, to: ColumnType | null, x: string): string | undefined {
  return from === "integer" && to === "number" ? `${x} NOT ${DOUBLES_HOLD}` : undefined;
}
