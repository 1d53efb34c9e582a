import type { ColumnType, DbColumn, DbTable } from "../../schema/db-schema.ts";
import { canonicalText } from "../../schema/defaults.ts";
import type { CatalogColumn } from "../catalog.ts";
import { constantText, textExpression } from "./constants.ts";
import { quoteLiteral } from "./quoting.ts";

/** How each type is kept. Texts that are part of a key are of bounded length instead. */
const STORAGE: Readonly<Record<ColumnType, string>> = {
  id: "char(36) ascii_bin",
  text: "longtext",
  integer: "bigint",
  number: "double",
  boolean: "tinyint(1)",
  json: "json",
  timestamp: "datetime(3)",
};
const COLUMN_TYPES: ReadonlyMap<string, ColumnType> = new Map(Object.entries(STORAGE).map(([type, name]) => [name, type as ColumnType]));

/** Bytes of a key, and of a row without its long texts, that InnoDB takes at most; the latter with room for other columns. */
const MAX_KEY_BYTES = 3072;
const MAX_ROW_BYTES = 48_000;
const CHARACTER_BYTES = 4;
/** Bytes of a column in a key, with what the server adds for missing values and lengths. */
const KEY_BYTES: Readonly<Record<ColumnType, number>> = { id: 40, text: 4, integer: 12, number: 12, boolean: 4, json: 4, timestamp: 12 };

/** Characters that each text of a key may have. */
export function keyCharacters(types: readonly (ColumnType | null)[]): number {
  const texts = types.filter((type) => type === "text").length;
  const bytes = types.reduce((sum, type) => sum + (type === null ? 0 : KEY_BYTES[type]), 0);
  return Math.floor((MAX_KEY_BYTES - bytes) / CHARACTER_BYTES / Math.max(texts, 1));
}

/** The columns of each key that a table's column is part of: unique ones, which alone can be referred to, and references. */
function keysOf(table: DbTable, column: DbColumn): readonly (readonly string[])[] {
  const isAlone = column.unique || column.references !== undefined;
  const indexes = (table.indexes ?? []).filter(({ unique, columns }) => unique && columns.includes(column.name));
  return [...(isAlone ? [[column.name]] : []), ...indexes.map(({ columns }) => columns)];
}

const isBounded = (table: DbTable, column: DbColumn) => column.type === "text" && keysOf(table, column).length > 0;

/** Characters that a text in a key may have: as many as all its keys and the row leave room for. */
function boundOf(table: DbTable, column: DbColumn): number {
  const typeOf = (name: string) => table.columns.find((candidate) => candidate.name === name)?.type ?? null;
  const bounded = table.columns.filter((candidate) => isBounded(table, candidate));
  const share = Math.floor(MAX_ROW_BYTES / CHARACTER_BYTES / bounded.length);
  return Math.min(share, ...keysOf(table, column).map((names) => keyCharacters(names.map(typeOf))));
}

/** How a declared column is kept, as the catalog tells it. */
export function mysqlStorage(table: DbTable, column: DbColumn): string {
  return isBounded(table, column) ? `varchar(${boundOf(table, column)})` : STORAGE[column.type];
}

/** The manifest's type that the server keeps as `storage`, or null. */
export function columnTypeOf(storage: string): ColumnType | null {
  return /^(varchar\(\d+\)|longtext)( utf8mb4_\w+)?$/.test(storage) ? "text" : (COLUMN_TYPES.get(storage) ?? null);
}

/** The characters that a storage of bounded length holds. */
export function lengthOf(storage: string): number | undefined {
  const length = /^varchar\((\d+)\)/.exec(storage)?.[1];
  return length === undefined ? undefined : Number(length);
}

/** A storage as part of a column's definition; texts without a collation of their own get `collation`. */
export function storageSql({ type, storage }: CatalogColumn, collation: string): string {
  const [base = "", own] = storage.split(/ (?=[a-z0-9_]+$)/);
  if (type !== "text" && own === undefined) return base;
  const name = own ?? collation;
  return `${base} CHARACTER SET ${name.slice(0, name.indexOf("_"))} COLLATE ${name}`;
}

/** MySQL's form of a moment in UTC. */
const momentText = (iso: string) => iso.replace("T", " ").replace("Z", "");

function valueText(type: ColumnType, shown: string): string | undefined {
  const text = constantText(shown);
  if (text === undefined) return undefined;
  if (type === "boolean") return text === "1" ? "true" : "false";
  if (type !== "timestamp") return canonicalText(type, text);
  const moment = new Date(`${text.replace(" ", "T")}Z`);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
}

/** A default of the server's in the catalog's form. */
export function readDefault(type: ColumnType | null, shown: string | null): string | null {
  // What MariaDB shows of a column that is nothing by default; a text would be quoted.
  if (shown === null || shown === "NULL") return null;
  if (type === "timestamp" && /^current_timestamp\(3\)$/i.test(shown)) return "now";
  const text = type === null ? undefined : valueText(type, shown);
  return text === undefined ? `?${shown}` : `=${text}`;
}

/** A default in the catalog's form as an SQL expression. */
export function defaultExpression({ type, default: value }: CatalogColumn): string | undefined {
  if (value === null) return undefined;
  if (value === "now") return "CURRENT_TIMESTAMP(3)";
  const text = value.slice(1);
  if (value.startsWith("?")) return text;
  switch (type) {
    case "boolean":
      return text === "true" ? "1" : "0";
    case "timestamp":
      return quoteLiteral(momentText(text));
    case "text":
    case "json":
      return textExpression(text);
    default:
      return text;
  }
}
