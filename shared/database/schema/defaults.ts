import { canonicalJson } from "#platform/canonical";
import type { ColumnType, DbColumn } from "./db-schema.ts";
import { encodeValue } from "./values.ts";

/** A value's text in the form that two spellings of one value share: `1` and `1.0`, objects with their keys in any order. */
export function canonicalText(type: ColumnType, text: string): string {
  switch (type) {
    case "number":
      return String(Number(text));
    case "json":
      return canonicalJson(JSON.parse(text));
    default:
      return text;
  }
}

/**
 * A declared default in the form in which the catalogs of all servers tell theirs: `now`, or `=` and the value's canonical
 * text; null where there is none, or nothing but null.
 */
export function canonicalDefault(column: DbColumn): string | null {
  if (column.default === undefined || column.default === null) return null;
  if (column.type === "timestamp" && column.default === "now") return "now";
  const text = encodeValue(column.type, column.default);
  return text === undefined ? null : `=${canonicalText(column.type, text)}`;
}
