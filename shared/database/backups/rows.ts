import type { Query, SqlStatement, SqlValue } from "../engines/driver.ts";
import type { Engine } from "../engines/engine.ts";
import type { ArchivedColumn, ArchivedRow, ArchivedTable } from "./archive-schema.ts";
import { cellText } from "./cells.ts";

/** Rows of a page, and bytes of their values, at most; a larger row is a page of its own. */
const PAGE_ROWS = 1000;
const PAGE_BYTES = 1024 * 1024;

type Spelling = Pick<Engine, "operations" | "replacement">;

/** The rows after an id that fit a page, measured by the server before it sends any. `name` is the table's at the moment. */
function pageStatement(
  { operations: { dialect }, replacement }: Spelling,
  table: ArchivedTable,
  name: string,
  after?: string,
): SqlStatement {
  const { quote, placeholder } = dialect;
  const params: SqlValue[] = [];
  const [id, from] = [quote(table.primary_key), quote(name)];
  const following = () => (after === undefined ? "TRUE" : `${id} > ${placeholder(params.push(after))}`);
  const sizes = table.columns.map(({ type, name: column }) => `COALESCE(${replacement.sizeOf(type, quote(column))}, 0)`);
  const columns = table.columns.map(({ name: column }) => quote(column)).join(", ");
  const start = following();
  const candidates = `SELECT ${id} AS k, ${sizes.join(" + ")} AS s FROM ${from} WHERE ${following()} ORDER BY ${id} LIMIT ${PAGE_ROWS}`;
  const measured = `SELECT k, row_number() OVER (ORDER BY k) AS n, sum(s) OVER (ORDER BY k) AS t FROM (${candidates}) AS c`;
  const last = `SELECT k FROM (${measured}) AS m WHERE n = 1 OR t <= ${PAGE_BYTES} ORDER BY n DESC LIMIT 1`;
  return { text: `SELECT ${columns} FROM ${from} WHERE ${start} AND ${id} <= (${last}) ORDER BY ${id}`, params };
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
  const key = table.columns.findIndex((column) => column.name === table.primary_key);
  for (let after: string | undefined; ; ) {
    const page = await query(pageStatement(engine, table, name, after));
    const last = page.rows.at(-1)?.[key];
    if (typeof last !== "string") return;
    yield page.rows.map((row) => archivedRow(table.columns, row));
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
