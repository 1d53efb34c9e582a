import type { ColumnType } from "../../schema/db-schema.ts";
import { canonicalText } from "../../schema/defaults.ts";
import type { CatalogColumn } from "../catalog.ts";
import { quoteLiteral } from "./quoting.ts";

/** Each column type in PostgreSQL, as `format_type` writes it. */
export const POSTGRES_TYPES: Readonly<Record<ColumnType, string>> = {
  id: "uuid",
  text: "text",
  integer: "bigint",
  number: "double precision",
  boolean: "boolean",
  json: "jsonb",
  timestamp: "timestamp(3) with time zone",
};

const COLUMN_TYPES: ReadonlyMap<string, ColumnType> = new Map(
  Object.entries(POSTGRES_TYPES).map(([type, name]) => [name, type as ColumnType]),
);

/** The manifest's type that PostgreSQL keeps as `storage`, or null. */
export function columnTypeOf(storage: string): ColumnType | null {
  return COLUMN_TYPES.get(storage) ?? null;
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

/** A moment as the server writes it, in the form of JSON; `undefined` for one that JSON's years cannot hold. */
function momentText(text: string): string | undefined {
  const moment = new Date(text.replace(/([+-]\d{2})$/, "$1:00"));
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
}

function valueText(type: ColumnType, expression: string): string | undefined {
  const text = constantText(expression);
  if (text === undefined) return undefined;
  return type === "timestamp" ? momentText(text) : canonicalText(type, text);
}

/** A default of PostgreSQL's in the catalog's form. */
export function readDefault(type: ColumnType | null, expression: string | null): string | null {
  if (expression === null) return null;
  if (type === "timestamp" && expression === "now()") return "now";
  const text = type === null ? undefined : valueText(type, expression);
  return text === undefined ? `?${expression}` : `=${text}`;
}

/** A default in the catalog's form as an SQL expression. */
export function defaultExpression({ default: value, storage }: CatalogColumn): string | undefined {
  if (value === null) return undefined;
  if (value === "now") return "now()";
  return value.startsWith("=") ? `${quoteLiteral(value.slice(1))}::${storage}` : value.slice(1);
}
