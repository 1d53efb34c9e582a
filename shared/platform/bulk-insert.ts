import { getTableColumns, type SQL, sql } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";

type Row = Readonly<Record<string, unknown>>;

/**
 * `INSERT` of any number of rows as one parameter: PostgreSQL takes 65,535 parameters at most, and reading thousands of them costs
 * the server and the driver more than the rows do. What follows the rows, such as `ON CONFLICT`, is `ending`. A value that is
 * left out is what the column defaults to only if no row has it.
 */
export function bulkInsert<Table extends PgTable>(table: Table, rows: readonly (Table["$inferInsert"] & Row)[], ending: SQL): SQL {
  const given = Object.entries(getTableColumns(table)).filter(([key]) => rows.some((row) => key in row));
  const records = rows.map((row) => Object.fromEntries(given.map(([key, { name }]) => [name, row[key] ?? null])));
  const columns = given.map(([, { name }]) => sql.identifier(name));
  const typed = given.map(([, column]) => sql`${sql.identifier(column.name)} ${sql.raw(column.getSQLType())}`);
  const list = sql.join(columns, sql`, `);
  return sql`INSERT INTO ${table} (${list}) SELECT ${list} FROM jsonb_to_recordset(${JSON.stringify(records)}::jsonb)
    AS given (${sql.join(typed, sql`, `)}) ${ending}`;
}
