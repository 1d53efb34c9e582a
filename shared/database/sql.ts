import type { Fault } from "#platform/errors";
import type { SqlStatement } from "#platform/objects/database-pool";
import { whereClause } from "./conditions.ts";
import { quoteIdentifier } from "./identifiers.ts";
import { type DbOperation, MAX_ROWS } from "./operation.ts";
import { type DbSchema, type DbTable, findColumn, findTable } from "./schema.ts";
import { createDraft, type StatementDraft } from "./statement-draft.ts";
import { statementRefusal } from "./statement-text.ts";
import { encodeParameter } from "./values.ts";
import { assignments, conflictClause, insertedRows } from "./writes.ts";

/** PostgreSQL's protocol counts parameters in 16 bits. */
const MAX_PARAMS = 65_535;

/** The column in which changed rows carry how many there are; no declared column begins with an underscore. */
export const COUNT_COLUMN = "_count";

export type BuiltStatement =
  | { readonly ok: true; readonly statement: SqlStatement }
  | { readonly ok: false; readonly faults: readonly Fault[] };

type TableOperation = Exclude<DbOperation, { operation: "sql" }>;
type Operation<Name extends DbOperation["operation"]> = Extract<DbOperation, { operation: Name }>;

const columnList = (table: DbTable) => table.columns.map((column) => quoteIdentifier(column.name)).join(", ");

function select(draft: StatementDraft, table: DbTable, operation: Operation<"select">): string {
  const where = whereClause(draft, table, operation.where);
  const order = (operation.order_by ?? []).map(({ column, direction }, index) => {
    if (!findColumn(table, column)) draft.unknownColumn(`order_by[${index}].column`, table, column);
    return `${quoteIdentifier(column)} ${direction === "desc" ? "DESC" : "ASC"}`;
  });
  const orderBy = order.length === 0 ? "" : ` ORDER BY ${order.join(", ")}`;
  const page = `LIMIT ${draft.param(String(operation.limit))} OFFSET ${draft.param(String(operation.offset))}`;
  return `SELECT ${columnList(table)} FROM ${quoteIdentifier(table.name)}${where}${orderBy} ${page}`;
}

/** The changed rows, as many as an answer may hold, each with the count of all of them. */
function changed(table: DbTable, change: string): string {
  const columns = columnList(table);
  const returned = `WITH changed AS (${change} RETURNING ${columns})`;
  return `${returned} SELECT ${columns}, count(*) OVER () AS ${quoteIdentifier(COUNT_COLUMN)} FROM changed LIMIT ${MAX_ROWS}`;
}

/** A change of rows says which; one that would change every row is more likely a mistake. */
function requiredWhere(draft: StatementDraft, table: DbTable, { operation, where }: Operation<"update" | "delete">): string {
  if (Object.keys(where).length === 0) {
    draft.faults.push({ path: "where", code: "required", message: `${operation} needs at least one condition` });
  }
  return whereClause(draft, table, where);
}

function tableStatement(draft: StatementDraft, table: DbTable, operation: TableOperation, makeId: () => string): string {
  const name = quoteIdentifier(table.name);
  switch (operation.operation) {
    case "select":
      return select(draft, table, operation);
    case "count":
      return `SELECT count(*) AS ${quoteIdentifier(COUNT_COLUMN)} FROM ${name}${whereClause(draft, table, operation.where)}`;
    case "insert":
      return changed(table, `INSERT INTO ${name} ${insertedRows(draft, table, operation.values, makeId)}`);
    case "upsert":
      return changed(
        table,
        `INSERT INTO ${name} ${insertedRows(draft, table, operation.values, makeId)} ${conflictClause(draft, table, operation)}`,
      );
    case "update": {
      const set = assignments(draft, table, operation.values);
      return changed(table, `UPDATE ${name} SET ${set}${requiredWhere(draft, table, operation)}`);
    }
    case "delete":
      return changed(table, `DELETE FROM ${name}${requiredWhere(draft, table, operation)}`);
  }
}

function authoredStatement(draft: StatementDraft, { sql, params }: Operation<"sql">): string {
  const refusal = statementRefusal(sql);
  if (refusal !== undefined) draft.faults.push({ path: "sql", code: "invalid_statement", message: `sql ${refusal}` });
  for (const value of params ?? []) draft.param(encodeParameter(value));
  return sql;
}

/**
 * Turns an operation into one parameterised PostgreSQL statement. Names come from the declared schema alone, values go into
 * parameters, and everything that does not fit the schema is a fault. `makeId` makes the ids of new rows.
 */
export function buildStatement(schema: DbSchema, operation: DbOperation, makeId: () => string): BuiltStatement {
  const draft = createDraft();
  const text = operationText(draft, schema, operation, makeId);
  if (draft.params.length > MAX_PARAMS) {
    draft.faults.push({ path: "values", code: "too_big", message: `holds more than ${MAX_PARAMS} values` });
  }
  return draft.faults.length > 0 ? { ok: false, faults: draft.faults } : { ok: true, statement: { text, params: draft.params } };
}

function operationText(draft: StatementDraft, schema: DbSchema, operation: DbOperation, makeId: () => string): string {
  if (operation.operation === "sql") return authoredStatement(draft, operation);
  const table = findTable(schema, operation.table);
  if (table) return tableStatement(draft, table, operation, makeId);
  draft.faults.push({ path: "table", code: "unknown_table", message: `there is no table "${operation.table}" in db_schema` });
  return "";
}
