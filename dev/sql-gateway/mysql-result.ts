import type { FieldInfo, UpsertResult } from "mariadb";

/** A result in the shape of PlanetScale's `Execute`; numbers are strings there. */
export interface MysqlResult {
  readonly rowsAffected: string;
  readonly insertId: string;
  readonly fields: readonly MysqlField[];
  readonly rows: readonly { readonly lengths: readonly string[]; readonly values: string }[];
}

interface MysqlField {
  readonly name: string;
  readonly type: string;
  readonly table: string;
  readonly orgTable: string;
  readonly database: string;
  readonly orgName: string;
  readonly columnLength: number;
  readonly charset: number;
  readonly flags: number;
  readonly decimals: number;
}

const UNSIGNED_FLAG = 32;
const ENUM_FLAG = 256;
const SET_FLAG = 2048;
const BINARY_CHARSET = 63;

const INTEGERS: Readonly<Record<number, string>> = { 1: "INT8", 2: "INT16", 3: "INT32", 8: "INT64", 9: "INT24" };
const SCALARS: Readonly<Record<number, string>> = {
  0: "DECIMAL",
  4: "FLOAT32",
  5: "FLOAT64",
  6: "NULL_TYPE",
  7: "TIMESTAMP",
  10: "DATE",
  11: "TIME",
  12: "DATETIME",
  13: "YEAR",
  14: "DATE",
  16: "BIT",
  245: "JSON",
  246: "DECIMAL",
  247: "ENUM",
  248: "SET",
  255: "GEOMETRY",
};
const BLOBS = new Set([249, 250, 251, 252]);
const VARIABLE = new Set([15, 253]);

/** PlanetScale's name for the type of a column. MariaDB keeps JSON as text and says so in an extension of its own. */
function planetscaleType(field: FieldInfo): string {
  if (field.isDataTypeFormatJson()) return "JSON";
  const flags: number = field.flags;
  const integer = INTEGERS[field.columnType];
  if (integer !== undefined) return (flags & UNSIGNED_FLAG) === 0 ? integer : `U${integer}`;
  if ((flags & ENUM_FLAG) !== 0) return "ENUM";
  if ((flags & SET_FLAG) !== 0) return "SET";
  const binary = field.collation.index === BINARY_CHARSET;
  if (BLOBS.has(field.columnType)) return binary ? "BLOB" : "TEXT";
  if (VARIABLE.has(field.columnType)) return binary ? "VARBINARY" : "VARCHAR";
  return SCALARS[field.columnType] ?? (binary ? "BINARY" : "CHAR");
}

export function rowsResult(fields: readonly FieldInfo[], rows: readonly (readonly (Buffer | null)[])[]): MysqlResult {
  return {
    rowsAffected: "0",
    insertId: "0",
    fields: fields.map((field) => ({
      name: field.name(),
      type: planetscaleType(field),
      table: field.table(),
      orgTable: field.orgTable(),
      database: field.db(),
      orgName: field.orgName(),
      columnLength: field.columnLength,
      charset: field.collation.index,
      flags: field.flags,
      decimals: field.scale,
    })),
    rows: rows.map((row) => ({
      lengths: row.map((cell) => (cell === null ? "-1" : String(cell.length))),
      values: Buffer.concat(row.filter((cell) => cell !== null)).toString("base64"),
    })),
  };
}

export function changeResult(result: UpsertResult): MysqlResult {
  return { rowsAffected: String(result.affectedRows), insertId: String(result.insertId), fields: [], rows: [] };
}
