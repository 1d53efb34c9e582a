import { z } from "zod";
import { type Fault, validationFailed } from "#platform/errors";
import { decodeRows, decodeValue } from "../engines/decode.ts";
import type { Query, SqlAnswer, SqlStatement } from "../engines/driver.ts";
import type { OperationWriter } from "../operations/build.ts";
import { whereClause } from "../operations/conditions.ts";
import { createDraft, type StatementDraft } from "../operations/statement-draft.ts";
import { type DbColumn, type DbTable, findColumn } from "../schema/db-schema.ts";
import { encodeValue } from "../schema/values.ts";
import { invalidCursor, type PageEnd, readCursor, writeCursor } from "./cursor.ts";
import { rowKey } from "./row-key.ts";
import { declaredTable, type Table } from "./table.ts";
import { explainUnsupported } from "./unsupported-columns.ts";

/** Rows of one page, at most. */
export const MAX_PAGE_ROWS = 500;

/** A page of a table's rows. */
export const rowsRequestSchema = z.strictObject({
  table: z.string(),
  /** As `where` of a db node. */
  filter: z.record(z.string(), z.unknown()).optional(),
  /** By default the id. */
  order_by: z.string().optional(),
  direction: z.enum(["asc", "desc"]).default("asc"),
  limit: z.number().int().min(1).max(MAX_PAGE_ROWS),
  cursor: z.string().optional(),
});
export type RowsRequest = z.infer<typeof rowsRequestSchema>;

/** Rows in their order, and where the next page begins. */
export interface RowsPage {
  readonly rows: Record<string, unknown>[];
  readonly next_cursor: string | null;
}

/** The rows' order: by a column, and by the id where its values are equal. */
interface Order {
  readonly column: DbColumn;
  readonly id: DbColumn;
  readonly direction: "asc" | "desc";
}

function refuse(path: string, code: string, message: string): never {
  throw validationFailed([{ path, code, message }]);
}

function orderOf(table: Table, declared: DbTable, { order_by, direction }: RowsRequest): Order {
  const id = rowKey(declared);
  const column = order_by === undefined ? id : findColumn(declared, order_by);
  if (column?.type === "json") refuse("order_by", "invalid_order", `${table.name}.${column.name} is JSON, which has no order`);
  if (column) return { column, id, direction };
  const known = table.columns.find(({ name }) => name === order_by);
  if (known)
    refuse("order_by", "unsupported_type", `${table.name}.${known.name} is of the server's type ${known.type}: rows are not ordered by it`);
  return refuse("order_by", "unknown_column", `there is no column "${order_by}" in table "${table.name}"`);
}

/** The condition of rows that come after one; those without a value stand last when ascending and first when descending. */
function afterClause(draft: StatementDraft, { column, id, direction }: Order, end: PageEnd): string {
  const { dialect } = draft;
  const sign = direction === "asc" ? ">" : "<";
  const name = dialect.quote(column.name);
  const compared = (subject: DbColumn, operator: string, text: string) =>
    `${dialect.comparable(subject.type, dialect.quote(subject.name))} ${operator} ${dialect.comparable(subject.type, draft.encoded(subject.type, text))}`;
  const nextId = () => compared(id, sign, end.id);
  if (column === id) return nextId();
  const { value } = end;
  if (value === null || value === undefined) {
    const tied = `${name} IS NULL AND ${nextId()}`;
    return direction === "asc" ? `(${tied})` : `(${tied} OR ${name} IS NOT NULL)`;
  }
  const after = `${compared(column, sign, value)} OR (${compared(column, "=", value)} AND ${nextId()})`;
  return direction === "asc" && column.nullable ? `(${after} OR ${name} IS NULL)` : `(${after})`;
}

function pageStatement(writer: OperationWriter, table: Table, order: Order, request: RowsRequest, end: PageEnd | undefined): SqlStatement {
  const { dialect } = writer;
  const draft = createDraft(dialect);
  const filter = whereClause(draft, declaredTable(table), request.filter);
  const faults = draft.faults.map((fault): Fault => ({ ...fault, path: fault.path.replace(/^where/, "filter") }));
  if (faults.length > 0) throw validationFailed(explainUnsupported(table, faults));
  const after = end ? `${filter === "" ? " WHERE" : " AND"} ${afterClause(draft, order, end)}` : "";
  const terms = [order.column, ...(order.column === order.id ? [] : [order.id])].map((column) => writer.order(column, order.direction));
  const columns = table.columns.map(({ name }) => dialect.quote(name)).join(", ");
  const text = `SELECT ${columns} FROM ${dialect.quote(table.name)}${filter}${after} ORDER BY ${terms.join(", ")} LIMIT ${request.limit + 1}`;
  return { text, params: draft.params };
}

/** A value of the server's in the form that it is compared by. */
function comparableText({ type }: DbColumn, text: string | null): string | null {
  return text === null ? null : (encodeValue(type, decodeValue(type === "id" ? "text" : type, text)) ?? text);
}

/** The value that was too long for its cursor, as it stands now. */
async function withValue(query: Query, writer: OperationWriter, table: Table, { column, id }: Order, end: PageEnd): Promise<PageEnd> {
  if (end.value !== undefined) return end;
  const { dialect } = writer;
  const draft = createDraft(dialect);
  const condition = `${dialect.quote(id.name)} = ${draft.encoded("id", end.id)}`;
  const text = `SELECT ${dialect.quote(column.name)} FROM ${dialect.quote(table.name)} WHERE ${condition}`;
  const [row] = (await query({ text, params: draft.params })).rows;
  if (!row) throw invalidCursor("The row that this page begins after is gone: begin again.");
  return { ...end, value: comparableText(column, row[0] ?? null) };
}

function endOf(answer: SqlAnswer, order: Order, row: readonly (string | null)[]): PageEnd {
  const cell = ({ name }: DbColumn) => row[answer.columns.findIndex((column) => column.name === name)] ?? null;
  const id = cell(order.id) ?? "";
  return { orderBy: order.column.name, direction: order.direction, id, value: comparableText(order.column, cell(order.column)) };
}

/**
 * Reads one page of a table. Rows are ordered by a column and by their ids, so that a row that is there throughout is on exactly
 * one page however the table changes meanwhile, unless its own value in that column does.
 *
 * Throws validation_failed with paths `filter`, `order_by` and `cursor`, and invalid_state for a table without an id.
 */
export async function readPage(query: Query, writer: OperationWriter, table: Table, request: RowsRequest): Promise<RowsPage> {
  const order = orderOf(table, declaredTable(table), request);
  const asked = { orderBy: order.column.name, direction: order.direction };
  const end = request.cursor === undefined ? undefined : await withValue(query, writer, table, order, readCursor(request.cursor, asked));
  const answer = await query(pageStatement(writer, table, order, request, end));
  const shown = answer.rows.slice(0, request.limit);
  const last = shown.at(-1);
  const isMore = answer.rows.length > request.limit && last !== undefined;
  const rows = decodeRows({ columns: answer.columns, rows: shown });
  return { rows, next_cursor: isMore ? writeCursor(endOf(answer, order, last)) : null };
}
