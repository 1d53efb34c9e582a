import type { ColumnType, DbColumn } from "../../schema/db-schema.ts";
import { encodeValue } from "../../schema/values.ts";
import { quoteLiteral } from "./quoting.ts";

/** Each column type in PostgreSQL, as `format_type` writes it. */
const POSTGRES_TYPES: Readonly<Record<ColumnType, string>> = {
  id: "uuid",
  text: "text",
  integer: "bigint",
  number: "double precision",
  boolean: "boolean",
  json: "jsonb",
  timestamp: "timestamp(3) with time zone",
};

export function postgresType(type: ColumnType): string {
  return POSTGRES_TYPES[type];
}

/** A declared default as an SQL expression, or `undefined` where there is none. */
export function defaultExpression(column: DbColumn): string | undefined {
  if (column.default === undefined || column.default === null) return undefined;
  if (column.type === "timestamp" && column.default === "now") return "now()";
  const text = encodeValue(column.type, column.default);
  return text === undefined ? undefined : `${quoteLiteral(text)}::${postgresType(column.type)}`;
}

/** JSON with its keys in one order, so that equal values are equal texts. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, nested: unknown) =>
    typeof nested === "object" && nested !== null && !Array.isArray(nested)
      ? Object.fromEntries(Object.entries(nested).sort(([a], [b]) => (a < b ? -1 : 1)))
      : nested,
  );
}

/** A constant's text in the form that two spellings of one value share. */
function canonicalText(type: ColumnType, text: string): string {
  switch (type) {
    case "number":
      return String(Number(text));
    case "json":
      return canonicalJson(JSON.parse(text));
    case "timestamp":
      return new Date(text.replace(/([+-]\d{2})$/, "$1:00")).toISOString();
    default:
      return text;
  }
}

/** The text of a constant as `pg_get_expr` writes it: `'a''b'::text`, `E'a\\b'::text`, `5`, `'5'::bigint`, `true`. */
function constantText(expression: string): string | undefined {
  const quoted = /^(E?)'((?:[^']|'')*)'(?:::[a-z0-9() ]+)?$/s.exec(expression);
  if (quoted) {
    const text = (quoted[2] ?? "").replaceAll("''", "'");
    return quoted[1] === "E" ? text.replaceAll("\\\\", "\\") : text;
  }
  return /^(true|false|-?[\d.]+)$/.test(expression) ? expression : undefined;
}

/** Whether a column's default in the catalog is the declared one. What cannot be read counts as another. */
export function hasDeclaredDefault(column: DbColumn, expression: string | null): boolean {
  if (column.default === undefined || column.default === null) return true;
  if (column.type === "timestamp" && column.default === "now") return expression === "now()";
  const actual = expression === null ? undefined : constantText(expression);
  const declared = encodeValue(column.type, column.default);
  return actual !== undefined && declared !== undefined && canonicalText(column.type, actual) === canonicalText(column.type, declared);
}
