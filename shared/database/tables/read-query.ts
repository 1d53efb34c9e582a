import { z } from "zod";
import { AppError, validationFailed } from "#platform/errors";
import { decodeRows } from "../engines/decode.ts";
import type { SqlAnswer, SqlStatement, ValueType } from "../engines/driver.ts";
import type { OperationWriter } from "../operations/build.ts";
import { readingRefusal, statementRefusal, writesRows } from "../operations/statement-text.ts";
import { encodeParameter } from "../schema/values.ts";

/** One statement that reads, with values for `$1`, `$2`, …. */
export const readQuerySchema = z.strictObject({
  sql: z.string().min(1).max(20_000),
  params: z.array(z.unknown()).max(200).optional(),
});
export type ReadQuery = z.infer<typeof readQuerySchema>;

export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: ValueType }[];
  /** By the names of their columns; of two columns of one name the latter is seen. */
  readonly rows: Record<string, unknown>[];
  readonly count: number;
  readonly duration_ms: number;
}

/**
 * The statement as the server is asked. What is refused here gets a clear answer early; that nothing is changed is the doing of
 * the READ ONLY transaction. Throws validation_failed (path `sql` or `params`) and forbidden.
 */
export function readStatement(writer: OperationWriter, { sql, params = [] }: ReadQuery): SqlStatement {
  const tokens = writer.tokens(sql);
  if (writesRows(tokens)) throw new AppError("forbidden", "This statement may only read.");
  const refusal = statementRefusal(tokens) ?? readingRefusal(tokens);
  if (refusal !== undefined) throw validationFailed([{ path: "sql", code: "invalid_statement", message: `sql ${refusal}` }]);
  return writer.authored(tokens, params.map(encodeParameter));
}

export function toQueryAnswer(answer: SqlAnswer, durationMs: number): QueryAnswer {
  return { columns: answer.columns, rows: decodeRows(answer), count: answer.rows.length, duration_ms: durationMs };
}
