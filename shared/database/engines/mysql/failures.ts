import { DatabaseError } from "@planetscale/database";
import { causes, type Objection, type ServerRefusal } from "../failures.ts";

/** Error numbers of MySQL and MariaDB ("Server Error Message Reference"). */
const OBJECTIONS: Readonly<Record<string, Objection>> = {
  1007: "exists",
  1040: "unreachable",
  1044: "forbidden",
  1045: "entry_refused",
  1048: "no_value",
  1049: "unreachable",
  1050: "exists",
  1053: "unreachable",
  1054: "unknown_column",
  1060: "exists",
  1061: "exists",
  1062: "unique",
  1064: "syntax",
  1105: "failed",
  1138: "no_value",
  1142: "forbidden",
  1143: "forbidden",
  1146: "unknown_table",
  1153: "too_large",
  1203: "unreachable",
  1205: "locked",
  1213: "concurrent",
  1216: "reference",
  1217: "reference",
  1226: "unreachable",
  1227: "forbidden",
  1242: "twice",
  1264: "bad_value",
  1265: "bad_value",
  1290: "forbidden",
  1292: "bad_value",
  1317: "timeout",
  1364: "no_value",
  1366: "bad_value",
  1370: "forbidden",
  1396: "exists",
  1406: "bad_value",
  1411: "bad_value",
  1451: "reference",
  1452: "reference",
  1690: "bad_value",
  1792: "read_only",
  1969: "timeout",
  3024: "timeout",
  3118: "entry_refused",
  3140: "bad_value",
  3730: "reference",
  3819: "rule",
  4025: "rule",
  4151: "entry_refused",
};

/** PlanetScale's own codes, for what says no error number. */
const VITESS_OBJECTIONS: Readonly<Record<string, Objection>> = {
  UNAUTHENTICATED: "entry_refused",
  UNAVAILABLE: "unreachable",
  DEADLINE_EXCEEDED: "timeout",
  RESOURCE_EXHAUSTED: "too_large",
  ABORTED: "concurrent",
};

/** Words of a server that tell nothing but names of ours. */
const COLUMN = /(?:Column|Field|column) '([a-z0-9_]+)'/;
const KEY = /for key '(?:[a-z0-9_]+\.)?([a-zA-Z0-9_]+)'/;

/** The server's refusal inside an error, or `undefined` when it was not the server that failed. */
export function mysqlRefusal(error: unknown): ServerRefusal | undefined {
  for (const cause of causes(error)) {
    if (!(cause instanceof DatabaseError)) continue;
    const number = /\(errno (\d+)\)/.exec(cause.message)?.[1];
    const objection = number === undefined ? VITESS_OBJECTIONS[cause.body.code] : (OBJECTIONS[number] ?? "invalid");
    if (!objection) return undefined;
    const key = KEY.exec(cause.message)?.[1];
    return {
      objection,
      code: number === undefined ? cause.body.code : `error ${number}`,
      column: COLUMN.exec(cause.message)?.[1],
      key: keyColumns(key),
    };
  }
  return undefined;
}

/** The columns that a unique key of ours is named after (`<columns>_key`). */
function keyColumns(key: string | undefined): string | undefined {
  return key === "PRIMARY" ? "id" : key?.replace(/_key$/, "");
}
