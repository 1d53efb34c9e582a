import type { CatalogColumn } from "../catalog.ts";
import type { Check } from "../schema-dialect.ts";
import { quoteIdentifier } from "./quoting.ts";
import { lengthOf } from "./types.ts";

const INTEGERS_HOLD = "BETWEEN -9223372036854775808 AND 9223372036854775807";
const DOUBLES_HOLD = "BETWEEN -9007199254740992 AND 9007199254740992";

/** A timestamp as RFC 3339 writes it. */
const momentText = (x: string) => `CONCAT(DATE_FORMAT(${x}, '%Y-%m-%dT%H:%i:%s.'), LPAD(MICROSECOND(${x}) DIV 1000, 3, '0'), 'Z')`;

/** Matched to the very end: `$` would let a line break through. */
const matching = (x: string, pattern: string, value: string) => `CASE WHEN ${x} REGEXP '^${pattern}\\\\z' THEN ${value} END`;

/** A column's value as one of another type, null where it has no counterpart. By the types, from and to. */
const CONVERSIONS: Readonly<Record<string, (x: string) => string>> = {
  "integer text": (x) => `CAST(${x} AS CHAR)`,
  "number text": (x) => `CAST(${x} AS CHAR)`,
  "json text": (x) => `CAST(${x} AS CHAR)`,
  "boolean text": (x) => `IF(${x}, 'true', 'false')`,
  "timestamp text": momentText,
  "number integer": (x) => `CASE WHEN ${x} = TRUNCATE(${x}, 0) AND ${x} ${DOUBLES_HOLD} THEN CAST(${x} AS SIGNED) END`,
  "text integer": (x) => matching(x, "-?[0-9]{1,19}", `CASE WHEN CAST(${x} AS DECIMAL(20)) ${INTEGERS_HOLD} THEN CAST(${x} AS SIGNED) END`),
  "text number": (x) => matching(x, "-?[0-9]{1,15}([.][0-9]{1,15})?([eE][-+]?[0-9]{1,2})?", `${x} + 0e0`),
  "text boolean": (x) => `CASE ${x} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END`,
  "text timestamp": (x) =>
    matching(
      x,
      "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,3})?Z",
      `CAST(REPLACE(REPLACE(${x}, 'T', ' '), 'Z', '') AS DATETIME(3))`,
    ),
  "text id": (x) => matching(x, "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", `LOWER(${x})`),
};

/** The expression that carries a value over from another column. */
export function conversionExpression(before: CatalogColumn, after: CatalogColumn, x: string): string {
  return CONVERSIONS[`${before.type} ${after.type}`]?.(x) ?? x;
}

/** Find values that a conversion which loses nothing cannot carry over: too large for a double, or too long for a key. */
export function unfitChecks(table: string, before: CatalogColumn, after: CatalogColumn): readonly Check[] {
  const x = quoteIdentifier(before.name);
  const length = lengthOf(after.storage);
  const find = (condition: string, message: string): readonly Check[] => [
    { sql: `SELECT 1 FROM ${quoteIdentifier(table)} WHERE ${condition} LIMIT 1`, message },
  ];
  if (before.type === "integer" && after.type === "number")
    return find(`${x} NOT ${DOUBLES_HOLD}`, "rows exist whose value does not fit here");
  if (before.type !== "text" || length === undefined) return [];
  return find(`CHAR_LENGTH(${x}) > ${length}`, `rows exist whose text is longer than the ${length} characters that a key holds`);
}
