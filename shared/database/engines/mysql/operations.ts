import { AppError, validationFailed } from "#platform/errors";
import type { OperationWriter } from "../../operations/build.ts";
import { type Token, words } from "../../operations/statement-text.ts";
import type { SqlStatement, SqlValue } from "../driver.ts";
import { mysqlDialect } from "./dialect.ts";
import { quoteIdentifier } from "./quoting.ts";
import { mysqlTokens } from "./tokens.ts";
import { mysqlWrite } from "./writes.ts";

/** Parameters become part of the statement's text, which a server takes up to a size. */
const MAX_PARAMS = 65_535;

/**
 * Words that lead to the server's files, as names only in quotes. Without the right to them LOAD_FILE gives no value and no reason,
 * and INTO OUTFILE may look like a wrong password.
 */
const FILE_WORDS: ReadonlySet<string> = new Set(["load_file", "outfile", "dumpfile"]);
/** What migrations keep in the same database, and would later do by the owner's account. */
const JOURNAL = "schema_migrations";

/** The author's statement with `$1`, `$2`, … where MySQL has `?`, so that one statement runs on either server. */
function authored(tokens: readonly Token[], params: readonly SqlValue[]): SqlStatement {
  if (words(tokens).some((word) => FILE_WORDS.has(word)))
    throw new AppError("forbidden", "The app's database role may not read or write the server's files.");
  if (tokens.some(({ text }) => text.replaceAll("`", "").toLowerCase() === JOURNAL)) {
    throw new AppError("forbidden", "The record of the database's changes is not for apps.");
  }
  const used: SqlValue[] = [];
  const text = tokens.map((token) => {
    const position = /^\$(\d+)$/.exec(token.text)?.[1];
    if (position === undefined) return token.text;
    used.push(paramAt(params, Number(position)));
    return "?";
  });
  // Without any `$n` the author wrote `?`.
  return { text: text.join(""), params: used.length > 0 ? used : params };
}

function paramAt(params: readonly SqlValue[], position: number): SqlValue {
  const value = params[position - 1];
  if (value === undefined) {
    const message = `must have a value for $${position}`;
    throw validationFailed([{ path: "params", code: "required", message }]);
  }
  return value;
}

export const mysqlOperations: OperationWriter = {
  dialect: mysqlDialect,
  maxParams: MAX_PARAMS,
  order: ({ name, nullable }, direction) => {
    const column = quoteIdentifier(name);
    const way = direction === "desc" ? "DESC" : "ASC";
    // MySQL takes a missing value for the least, PostgreSQL for the greatest.
    return nullable ? `${column} IS NULL ${way}, ${column} ${way}` : `${column} ${way}`;
  },
  write: mysqlWrite,
  tokens: mysqlTokens,
  authored,
};
