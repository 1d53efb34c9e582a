import pg from "pg";
import { z } from "zod";
import { MAX_BODY_BYTES } from "../http-body.ts";

export const statementSchema = z.object({ query: z.string(), params: z.array(z.unknown()).default([]) });
export type Statement = z.infer<typeof statementSchema>;

type TextRow = (string | null)[];

export interface StatementResult {
  readonly command: string;
  readonly rowCount: number | null;
  readonly rowAsArray: boolean;
  readonly fields: readonly pg.FieldDef[];
  readonly rows: readonly (TextRow | Record<string, string | null>)[];
}

/** The answer would be larger than the protocol allows. */
export class ResponseTooLarge extends Error {
  constructor() {
    super(`response is too large (max is ${MAX_BODY_BYTES} bytes)`);
  }
}

/** What is left of the 64 MB of one response; a batch shares one. */
export interface ResponseBudget {
  bytes: number;
}

/** Every value as Postgres writes it: the driver at the other end does the parsing. */
const asText: pg.CustomTypesConfig = { getTypeParser: () => (value: string) => value };

/**
 * Runs one statement by the extended protocol, as Neon does: several statements in one string are refused by the server.
 * Throws the server's own error, or `ResponseTooLarge`.
 */
export function runStatement(
  client: pg.ClientBase,
  statement: Statement,
  asArrays: boolean,
  budget: ResponseBudget,
): Promise<StatementResult> {
  return new Promise((resolve, reject) => {
    const rows: TextRow[] = [];
    const config = { text: statement.query, values: statement.params, rowMode: "array", types: asText, queryMode: "extended" };
    const query = new pg.Query<TextRow>(config);
    query.on("row", (row) => {
      budget.bytes -= row.reduce((sum, cell) => sum + (cell === null ? 4 : Buffer.byteLength(cell) + 3), 2);
      if (budget.bytes >= 0) rows.push(row);
      else rows.length = 0;
    });
    query.on("error", reject);
    query.on("end", (result) => {
      if (budget.bytes < 0) {
        reject(new ResponseTooLarge());
        return;
      }
      resolve({
        command: result.command,
        rowCount: result.rowCount,
        rowAsArray: asArrays,
        fields: result.fields,
        rows: asArrays
          ? rows
          : rows.map((row) => Object.fromEntries(result.fields.map((field, index) => [field.name, row[index] ?? null]))),
      });
    });
    client.query(query);
  });
}
