import type { Query, SqlStatement, SqlValue } from "../engines/driver.ts";
import type { Engine } from "../engines/engine.ts";
import type { ArchivedColumn, ArchivedRow, ArchivedTable } from "./archive-schema.ts";
import { cellText } from "./cells.ts";

/** Rows of a page, and bytes of their values, at most; a larger row is a page of its own. */
const PAGE_ROWS = 1000;
const PAGE_BYTES = 1024 * 1024;

type Spelling = Pick<Engine, "operations" | "replacement">;

/** A table under the name that it has at the moment, on its engine. */
interface Source {
  readonly engine: Spelling;
  readonly table: ArchivedTable;
  readonly name: string;
}

/** The id of the last row after another that fits a page, as the server measures the rows. Finds nothing when there is none. */
function lastOfPage({ engine: { operations, replacement }, table, name }: Source, after: string | undefined): SqlStatement {
  const { quote, placeholder } = operations.dialect;
  const id = quote(table.primary_key);
  const sizes = table.columns.map((column) => `COALESCE(${replacement.sizeOf(column.type, quote(column.name))}, 0)`);
  const following = after === undefined ? "" : ` WHERE ${id} > ${placeholder(1)}`;
  const candidates = `SELECT ${id} AS k, ${sizes.join(" + ")} AS s FROM ${quote(name)}${following} ORDER BY ${id} LIMIT ${PAGE_ROWS}`;
  const measured = `SELECT k, row_number() OVER (ORDER BY k) AS n, sum(s) OVER (ORDER BY k) AS t FROM (${candidates}) AS c`;
  const text = `SELECT k FROM (${measured}) AS m WHERE n = 1 OR t <= ${PAGE_BYTES} ORDER BY n DESC LIMIT 1`;
  return { text, params: after === undefined ? [] : [after] };
}

function rowsOfPage({ engine: { operations }, table, name }: Source, after: string | undefined, last: string): SqlStatement {
  const { quote, placeholder } = operations.dialect;
  const id = quote(table.primary_key);
  const columns = table.columns.map((column) => quote(column.name)).join(", ");
  const following = after === undefined ? "" : ` AND ${id} > ${placeholder(2)}`;
  const text = `SELECT ${columns} FROM ${quote(name)} WHERE ${id} <= ${placeholder(1)}${following} ORDER BY ${id}`;
  return { text, params: after === undefined ? [last] : [last, after] };
}

function archivedRow(columns: readonly ArchivedColumn[], row: readonly (string | null)[]): ArchivedRow {
  return columns.map(({ type }, position) => {
    const text = row[position] ?? null;
    return text === null ? null : cellText(type, text);
  });
}

/** All rows of a table in the order of their ids, in pages of bounded size, each asked for when it is taken. */
export async function* readRows(
  query: Query,
  engine: Spelling,
  table: ArchivedTable,
  name = table.name,
): AsyncGenerator<readonly ArchivedRow[]> {
  const source: Source = { engine, table, name };
  for (let after: string | undefined; ; ) {
    const last = (await query(lastOfPage(source, after))).rows[0]?.[0];
    if (typeof last !== "string") return;
    const { rows } = await query(rowsOfPage(source, after, last));
    yield rows.map((row) => archivedRow(table.columns, row));
    after = last;
  }
}

/** The text is what both servers take where a driver's own form would lose something: minus zero, digits inside JSON. */
function storedValue({ operations: { dialect } }: Spelling, { type }: ArchivedColumn, text: string | null): SqlValue {
  if (text === null || type === "json" || type === "number") return text;
  return dialect.encoded(type, text);
}

/** The statements that add rows to a table, each with as many as the server takes at once. */
export function* insertStatements(
  engine: Spelling,
  table: ArchivedTable,
  name: string,
  rows: readonly ArchivedRow[],
): Generator<SqlStatement> {
  const { maxParams, dialect } = engine.operations;
  const size = Math.max(1, Math.floor(maxParams / table.columns.length));
  const columns = table.columns.map((column) => dialect.quote(column.name)).join(", ");
  for (let at = 0; at < rows.length; at += size) {
    const params: SqlValue[] = [];
    const tuples = rows.slice(at, at + size).map((row) => {
      const cells = table.columns.map((column, index) => dialect.placeholder(params.push(storedValue(engine, column, row[index] ?? null))));
      return `(${cells.join(", ")})`;
    });
    yield { text: `INSERT INTO ${dialect.quote(name)} (${columns}) VALUES ${tuples.join(", ")}`, params };
  }
}
