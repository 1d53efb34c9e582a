import { columnList, type Operation, type OperationWriter, requiredWhere, statementProgram, type Write } from "../../operations/build.ts";
import type { Dialect } from "../../operations/dialect.ts";
import { MAX_ROWS } from "../../operations/operation.ts";
import { asResult, COUNT_COLUMN, type Program } from "../../operations/program.ts";
import type { StatementDraft } from "../../operations/statement-draft.ts";
import { upsertColumns } from "../../operations/upsert.ts";
import { assignments, insertedRows, rowsOf, withIds } from "../../operations/writes.ts";
import { type DbTable, idColumn } from "../../schema/db-schema.ts";
import { quoteIdentifier } from "./quoting.ts";
import { postgresTokens } from "./tokens.ts";

/** PostgreSQL's protocol counts parameters in 16 bits. */
const MAX_PARAMS = 65_535;

const dialect: Dialect = {
  quote: quoteIdentifier,
  placeholder: (position) => `$${position}`,
  encoded: (_type, text) => text,
  comparable: (_type, expression) => expression,
  differs: (left, right) => `${left} IS DISTINCT FROM ${right}`,
};

/** The changed rows, as many as an answer may hold, each with the count of all of them. */
function changed(table: DbTable, change: string, order = ""): string {
  const columns = columnList(dialect, table);
  const returned = `WITH changed AS (${change} RETURNING ${columns})`;
  return `${returned} SELECT ${columns}, count(*) OVER () AS ${quoteIdentifier(COUNT_COLUMN)} FROM changed${order} LIMIT ${MAX_ROWS}`;
}

function byId(table: DbTable): string {
  const id = idColumn(table);
  return id ? ` ORDER BY ${quoteIdentifier(id.name)}` : "";
}

function insert(draft: StatementDraft, table: DbTable, operation: Operation<"insert" | "upsert">, makeId: () => string): string {
  const rows = withIds(table, operation.values, makeId);
  return `INSERT INTO ${quoteIdentifier(table.name)} ${insertedRows(draft, table, rows, operation.values)}`;
}

/** ` ON CONFLICT (…) DO UPDATE SET …` */
function conflictClause(draft: StatementDraft, table: DbTable, operation: Operation<"upsert">): string {
  const { target, updated } = upsertColumns(draft, table, operation);
  // Setting the key to itself changes nothing, and makes the existing row come back.
  const set = (updated.length > 0 ? updated : target).map((name) => `${quoteIdentifier(name)} = EXCLUDED.${quoteIdentifier(name)}`);
  return ` ON CONFLICT (${target.map(quoteIdentifier).join(", ")}) DO UPDATE SET ${set.join(", ")}`;
}

/** What gives all rows of the operation back. Nothing needs to count them or to leave some out when they are few. */
function added(draft: StatementDraft, table: DbTable, operation: Operation<"insert" | "upsert">, change: string): Program {
  if (rowsOf(operation.values).length > MAX_ROWS) return statementProgram(draft, changed(table, change));
  return statementProgram(draft, `${change} RETURNING ${columnList(dialect, table)}`, asResult);
}

function write(draft: StatementDraft, table: DbTable, operation: Write, makeId: () => string): Program {
  const name = quoteIdentifier(table.name);
  switch (operation.operation) {
    case "insert":
      return added(draft, table, operation, insert(draft, table, operation, makeId));
    case "upsert":
      return added(draft, table, operation, insert(draft, table, operation, makeId) + conflictClause(draft, table, operation));
    case "update": {
      const set = assignments(draft, table, operation.values);
      return statementProgram(draft, changed(table, `UPDATE ${name} SET ${set}${requiredWhere(draft, table, operation)}`, byId(table)));
    }
    case "delete":
      return statementProgram(draft, changed(table, `DELETE FROM ${name}${requiredWhere(draft, table, operation)}`, byId(table)));
  }
}

export const postgresOperations: OperationWriter = {
  dialect,
  maxParams: MAX_PARAMS,
  order: ({ name }, direction) => `${quoteIdentifier(name)} ${direction === "desc" ? "DESC" : "ASC"}`,
  write,
  tokens: postgresTokens,
  authored: (tokens, params) => ({
    text: tokens.map(({ text }) => text).join(""),
    params: params.map((value) => (value === null ? null : String(value))),
  }),
};
