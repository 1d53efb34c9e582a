import { AppError } from "#platform/errors";
import { columnList, type Operation, requiredWhere, type Write } from "../../operations/build.ts";
import { MAX_ROWS, type OperationResult } from "../../operations/operation.ts";
import { asCountedResult, COUNT_COLUMN, type Program } from "../../operations/program.ts";
import { createDraft, type StatementDraft } from "../../operations/statement-draft.ts";
import { upsertColumns } from "../../operations/upsert.ts";
import { assignments, insertedRows, type Row, withIds } from "../../operations/writes.ts";
import { type DbColumn, type DbTable, findColumn, idColumn } from "../../schema/db-schema.ts";
import { encodeValue } from "../../schema/values.ts";
import { decodeRows } from "../decode.ts";
import type { Query, SqlStatement } from "../driver.ts";
import { mysqlDialect } from "./dialect.ts";
import { quoteIdentifier } from "./quoting.ts";

/** MySQL gives no changed rows back: they are found by their ids, which are ours, in the same transaction. */
interface Subject {
  readonly table: DbTable;
  readonly id: DbColumn;
  /** Collects the faults of every statement. */
  readonly draft: StatementDraft;
}

const tableOf = ({ table }: Subject) => quoteIdentifier(table.name);

/** A draft for one of several statements, whose faults are the operation's. */
function statementOf({ draft }: Subject, write: (part: StatementDraft) => string): SqlStatement {
  const part = createDraft(mysqlDialect);
  const text = write(part);
  draft.faults.push(...part.faults);
  return { text, params: part.params };
}

function byIds({ id }: Subject, ids: readonly string[]): SqlStatement {
  return { text: ` WHERE ${quoteIdentifier(id.name)} IN (${ids.map(() => "?").join(", ")})`, params: ids };
}

/** The rows of these ids, in their order. */
async function rowsByIds(query: Query, subject: Subject, ids: readonly string[]): Promise<Record<string, unknown>[]> {
  const { text, params } = byIds(subject, ids);
  const answer = await query({ text: `SELECT ${columnList(mysqlDialect, subject.table)} FROM ${tableOf(subject)}${text}`, params });
  const found = new Map(decodeRows(answer).map((row) => [String(row[subject.id.name]), row] as const));
  return ids.map((id) => found.get(id)).filter((row) => row !== undefined);
}

const idsOf = ({ id }: Subject, rows: readonly Row[]) => rows.map((row) => String(row[id.name]).toLowerCase());

function insertProgram(subject: Subject, operation: Operation<"insert">, makeId: () => string): Program {
  const rows = withIds(subject.table, operation.values, makeId);
  const insert = statementOf(
    subject,
    (part) => `INSERT INTO ${tableOf(subject)} ${insertedRows(part, subject.table, rows, operation.values)}`,
  );
  return {
    kind: "steps",
    run: async (query) => {
      await query(insert);
      return { rows: await rowsByIds(query, subject, idsOf(subject, rows)), count: rows.length };
    },
  };
}

/** The rows that a condition finds, locked, at most as many as an answer may hold, with the count of all of them. */
async function lockRows(query: Query, subject: Subject, columns: string, where: SqlStatement): Promise<OperationResult> {
  const counted = `count(*) OVER () AS ${quoteIdentifier(COUNT_COLUMN)}`;
  const order = `ORDER BY ${quoteIdentifier(subject.id.name)} LIMIT ${MAX_ROWS} FOR UPDATE`;
  const text = `SELECT ${columns}, ${counted} FROM ${tableOf(subject)}${where.text} ${order}`;
  return asCountedResult(await query({ text, params: where.params }));
}

function updateProgram(subject: Subject, operation: Operation<"update">): Program {
  const where = statementOf(subject, (part) => requiredWhere(part, subject.table, operation));
  const set = statementOf(subject, (part) => assignments(part, subject.table, operation.values));
  return {
    kind: "steps",
    run: async (query) => {
      const { rows, count } = await lockRows(query, subject, quoteIdentifier(subject.id.name), where);
      if (count === 0) return { rows: [], count };
      await query({ text: `UPDATE ${tableOf(subject)} SET ${set.text}${where.text}`, params: [...set.params, ...where.params] });
      // An update may give rows new ids: then they are found where they were put.
      const given = operation.values[subject.id.name];
      const ids = typeof given === "string" ? [given.toLowerCase()] : idsOf(subject, rows);
      return { rows: await rowsByIds(query, subject, ids), count };
    },
  };
}

function deleteProgram(subject: Subject, operation: Operation<"delete">): Program {
  const where = statementOf(subject, (part) => requiredWhere(part, subject.table, operation));
  return {
    kind: "steps",
    run: async (query) => {
      const deleted = await lockRows(query, subject, columnList(mysqlDialect, subject.table), where);
      if (deleted.count > 0) await query({ text: `DELETE FROM ${tableOf(subject)}${where.text}`, params: where.params });
      return deleted;
    },
  };
}

/** The text that a row's values in some columns share with equal ones alone; `undefined` where one is missing, which equals nothing. */
function keyOf(columns: readonly DbColumn[], row: Row): string | undefined {
  const texts = columns.map(({ name, type }) => encodeValue(type, row[name]));
  return texts.includes(undefined) ? undefined : JSON.stringify(texts);
}

function hasRepeated(keys: readonly (string | undefined)[]): boolean {
  const present = keys.filter((key) => key !== undefined);
  return new Set(present).size < present.length;
}

/**
 * MySQL's own upsert goes by whatever unique key it meets first. So the rows that exist are looked up by the target and locked,
 * which also keeps others from adding one; they are changed by their ids, and the rest is inserted.
 */
function upsertProgram(subject: Subject, operation: Operation<"upsert">, makeId: () => string): Program {
  const { table, id, draft } = subject;
  const { target, updated } = upsertColumns(draft, table, operation);
  const columns = target.flatMap((name) => findColumn(table, name) ?? []);
  const rows = withIds(table, operation.values, makeId);
  statementOf(subject, (part) => insertedRows(part, table, rows, operation.values));
  const keys = rows.map((row) => keyOf(columns, row));
  if (hasRepeated(keys)) draft.faults.push({ path: "values", code: "repeated_row", message: "two rows would change the same row" });
  return {
    kind: "steps",
    run: async (query) => {
      const existing = await existingIds(query, subject, columns, rows);
      const idOf = (row: Row, index: number) => existing.get(keys[index] ?? "") ?? String(row[id.name]).toLowerCase();
      const isNew = (_: Row, index: number) => !existing.has(keys[index] ?? "");
      const added = rows.filter(isNew);
      const changed = rows.map((row, index) => ({ ...row, [id.name]: idOf(row, index) })).filter((row, index) => !isNew(row, index));
      const set = updated.map((name) => `${quoteIdentifier(name)} = VALUES(${quoteIdentifier(name)})`).join(", ");
      if (added.length > 0) await insertAgain(query, subject, added, "");
      if (changed.length > 0 && updated.length > 0) await insertAgain(query, subject, changed, ` ON DUPLICATE KEY UPDATE ${set}`);
      return { rows: await rowsByIds(query, subject, rows.map(idOf)), count: rows.length };
    },
  };
}

async function insertAgain(query: Query, { table }: Subject, rows: readonly Row[], suffix: string): Promise<void> {
  const part = createDraft(mysqlDialect);
  const text = `INSERT INTO ${quoteIdentifier(table.name)} ${insertedRows(part, table, rows, rows)}${suffix}`;
  if (part.faults.length > 0) throw new AppError("internal", "A row that was valid is not any more.");
  await query({ text, params: part.params });
}

/** The ids of the rows that exist already, locked, by the key of the columns that decide it. */
async function existingIds(
  query: Query,
  { table, id }: Subject,
  columns: readonly DbColumn[],
  rows: readonly Row[],
): Promise<ReadonlyMap<string, string>> {
  const part = createDraft(mysqlDialect);
  const tuples = rows.map((row) => {
    const values = columns.map(({ name, type }) => {
      const text = encodeValue(type, row[name]);
      return text === undefined ? part.param(null) : part.encoded(type, text);
    });
    return `(${values.join(", ")})`;
  });
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(", ");
  const shown = columns.map(({ name }, index) => `${quoteIdentifier(name)} AS c${index}`).join(", ");
  const from = `FROM ${quoteIdentifier(table.name)} WHERE (${names}) IN (${tuples.join(", ")}) FOR UPDATE`;
  const answer = await query({ text: `SELECT ${quoteIdentifier(id.name)} AS id, ${shown} ${from}`, params: part.params });
  return new Map(
    decodeRows(answer).map((row) => {
      const found = Object.fromEntries(columns.map(({ name }, index) => [name, row[`c${index}`]]));
      return [keyOf(columns, found) ?? "", String(row["id"])];
    }),
  );
}

/** A change of rows as a transaction. */
export function mysqlWrite(draft: StatementDraft, table: DbTable, operation: Write, makeId: () => string): Program {
  const id = idColumn(table);
  if (!id) throw new AppError("internal", "A table without an id column came past the check of its schema.");
  const subject: Subject = { table, id, draft };
  switch (operation.operation) {
    case "insert":
      return insertProgram(subject, operation, makeId);
    case "upsert":
      return upsertProgram(subject, operation, makeId);
    case "update":
      return updateProgram(subject, operation);
    case "delete":
      return deleteProgram(subject, operation);
  }
}
