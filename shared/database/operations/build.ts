import type { Fault } from "#platform/errors";
import type { Query, SqlStatement } from "../engines/driver.ts";
import { type DbColumn, type DbSchema, type DbTable, findColumn, findTable } from "../schema/db-schema.ts";
import { encodeParameter } from "../schema/values.ts";
import { whereClause } from "./conditions.ts";
import type { Dialect } from "./dialect.ts";
import type { DbOperation, OperationResult, SingleOperation } from "./operation.ts";
import { asCountedResult, asResult, type BuiltProgram, COUNT_COLUMN, type Program } from "./program.ts";
import { createDraft, type StatementDraft } from "./statement-draft.ts";
import { statementRefusal, type Token } from "./statement-text.ts";

export type Operation<Name extends SingleOperation["operation"]> = Extract<SingleOperation, { operation: Name }>;
export type Write = Operation<"insert" | "upsert" | "update" | "delete">;

/** How one server's operations are made, where servers differ by more than their spelling. */
export interface OperationWriter {
  readonly dialect: Dialect;
  /** Most parameters of one statement. */
  readonly maxParams: number;
  /** The expressions by which a column is ordered, rows without a value last when ascending and first when descending. */
  order(column: DbColumn, direction: "asc" | "desc"): string;
  /** A change of rows that gives back the changed rows, in the order of insertion or of their ids, and their count. Faults go to the draft. */
  write(draft: StatementDraft, table: DbTable, operation: Write, makeId: () => string): Program;
  tokens(sql: string): Token[];
  /** The author's own statement, parted, with its parameters. */
  authored(tokens: readonly Token[], params: readonly (string | number | boolean | null)[]): SqlStatement;
}

export const columnList = (dialect: Dialect, table: DbTable) => table.columns.map((column) => dialect.quote(column.name)).join(", ");

function select({ order }: OperationWriter, draft: StatementDraft, table: DbTable, operation: Operation<"select">): string {
  const { dialect } = draft;
  const where = whereClause(draft, table, operation.where);
  const terms = (operation.order_by ?? []).map(({ column, direction }, index) => {
    const declared = findColumn(table, column);
    if (declared) return order(declared, direction);
    draft.unknownColumn(`order_by[${index}].column`, table, column);
    return "";
  });
  const orderBy = terms.length === 0 ? "" : ` ORDER BY ${terms.join(", ")}`;
  // Checked numbers: they need no parameters.
  const page = `LIMIT ${operation.limit} OFFSET ${operation.offset}`;
  return `SELECT ${columnList(dialect, table)} FROM ${dialect.quote(table.name)}${where}${orderBy} ${page}`;
}

/** The condition of a change of rows; one that would change every row is more likely a mistake. */
export function requiredWhere(draft: StatementDraft, table: DbTable, { operation, where }: Operation<"update" | "delete">): string {
  if (Object.keys(where).length === 0) {
    draft.faults.push({ path: "where", code: "required", message: `${operation} needs at least one condition` });
  }
  return whereClause(draft, table, where);
}

/** A program of the one statement that the draft has become. */
export function statementProgram(draft: StatementDraft, text: string, result = asCountedResult): Program {
  return { kind: "statement", statement: { text, params: draft.params }, result };
}

function authoredProgram(writer: OperationWriter, draft: StatementDraft, { sql, params = [] }: Operation<"sql">): Program {
  const tokens = writer.tokens(sql);
  const refusal = statementRefusal(tokens);
  if (refusal !== undefined) draft.faults.push({ path: "sql", code: "invalid_statement", message: `sql ${refusal}` });
  return { kind: "statement", statement: writer.authored(tokens, params.map(encodeParameter)), result: asResult };
}

function tableProgram(
  writer: OperationWriter,
  draft: StatementDraft,
  schema: DbSchema,
  operation: Exclude<SingleOperation, { operation: "sql" }>,
  makeId: () => string,
): Program {
  const table = findTable(schema, operation.table);
  if (!table) {
    draft.faults.push({ path: "table", code: "unknown_table", message: `there is no table "${operation.table}" in db_schema` });
    return statementProgram(draft, "");
  }
  switch (operation.operation) {
    case "select":
      return statementProgram(draft, select(writer, draft, table, operation), asResult);
    case "count": {
      const { quote } = writer.dialect;
      const where = whereClause(draft, table, operation.where);
      return statementProgram(draft, `SELECT count(*) AS ${quote(COUNT_COLUMN)} FROM ${quote(table.name)}${where}`);
    }
    default:
      return writer.write(draft, table, operation, makeId);
  }
}

function singleProgram(writer: OperationWriter, schema: DbSchema, operation: SingleOperation, makeId: () => string): BuiltProgram {
  const draft = createDraft(writer.dialect);
  const program =
    operation.operation === "sql" ? authoredProgram(writer, draft, operation) : tableProgram(writer, draft, schema, operation, makeId);
  const faults: Fault[] = [...draft.faults];
  if (draft.params.length > writer.maxParams) {
    faults.push({ path: "values", code: "too_big", message: `holds more than ${writer.maxParams} values` });
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, program };
}

/** Runs a program in a transaction that is open already. */
export async function runInside(program: Program, query: Query): Promise<OperationResult> {
  return program.kind === "steps" ? program.run(query) : program.result(await query(program.statement));
}

/** One after the other, in one transaction. */
function inOrder(programs: readonly Program[]): Program {
  return {
    kind: "steps",
    run: async (query) => {
      const results: OperationResult[] = [];
      for (const program of programs) results.push(await runInside(program, query));
      const last = results.at(-1);
      return { rows: last?.rows ?? [], count: last?.count ?? 0, results };
    },
  };
}

/**
 * Turns an operation into what a server is to be asked. Names come from the declared schema alone, values go into parameters,
 * and everything that does not fit the schema is a fault. `makeId` makes the ids of new rows.
 */
export function buildProgram(writer: OperationWriter, schema: DbSchema, operation: DbOperation, makeId: () => string): BuiltProgram {
  if (operation.operation !== "transaction") return singleProgram(writer, schema, operation, makeId);
  const built = operation.operations.map((single) => singleProgram(writer, schema, single, makeId));
  const faults = built.flatMap((single, index) =>
    single.ok ? [] : single.faults.map((fault) => ({ ...fault, path: `operations[${index}].${fault.path}` })),
  );
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, program: inOrder(built.flatMap((single) => (single.ok ? [single.program] : []))) };
}
