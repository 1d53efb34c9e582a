import type { Fault } from "#platform/errors";
import { decodeRows } from "../engines/decode.ts";
import type { Query, SqlAnswer, SqlStatement } from "../engines/driver.ts";
import type { OperationResult } from "./operation.ts";

/** What is to be asked of a server for one operation. */
export type Program =
  /** One statement, whose answer is the operation's. */
  | { readonly kind: "statement"; readonly statement: SqlStatement; readonly result: (answer: SqlAnswer) => OperationResult }
  /** Statements that depend on each other: they need a transaction. */
  | { readonly kind: "steps"; readonly run: (query: Query) => Promise<OperationResult> };

export type BuiltProgram = { readonly ok: true; readonly program: Program } | { readonly ok: false; readonly faults: readonly Fault[] };

/** The column in which rows carry how many there are; no declared column begins with an underscore. */
export const COUNT_COLUMN = "_count";

/** An answer as it is. */
export const asResult = (answer: SqlAnswer): OperationResult => ({ rows: decodeRows(answer), count: answer.count });

/** The answer of a statement whose last column counts: the column goes, the count stays. */
export function asCountedResult({ columns, rows }: SqlAnswer): OperationResult {
  const count = Number(rows[0]?.at(-1) ?? 0);
  const shown = columns.filter(({ name }) => name !== COUNT_COLUMN);
  return { rows: shown.length === 0 ? [] : decodeRows({ columns: shown, rows }), count };
}
