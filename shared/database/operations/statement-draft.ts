import type { Fault } from "#platform/errors";
import type { SqlValue } from "../engines/driver.ts";
import type { ColumnType, DbTable } from "../schema/db-schema.ts";
import type { Dialect } from "./dialect.ts";

/** A statement under construction: its parameters so far, and every fault found on the way. */
export interface StatementDraft {
  readonly dialect: Dialect;
  readonly params: SqlValue[];
  readonly faults: Fault[];
  /** Adds a parameter and returns its placeholder. */
  param(value: SqlValue): string;
  /** The same for a value of a column's type in the form that `encodeValue` gives. */
  encoded(type: ColumnType, text: string): string;
  unknownColumn(path: string, table: DbTable, name: string): void;
}

export function createDraft(dialect: Dialect): StatementDraft {
  const params: SqlValue[] = [];
  const faults: Fault[] = [];
  const param = (value: SqlValue) => dialect.placeholder(params.push(value));
  return {
    dialect,
    params,
    faults,
    param,
    encoded: (type, text) => param(dialect.encoded(type, text)),
    unknownColumn: (path, table, name) => {
      faults.push({ path, code: "unknown_column", message: `there is no column "${name}" in table "${table.name}"` });
    },
  };
}
