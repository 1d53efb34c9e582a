import { z } from "zod";
import type { OnDelete } from "../../schema/db-schema.ts";
import { type Catalog, type CatalogTable, groupByTable } from "../catalog.ts";
import { decodeRows } from "../decode.ts";
import { plain, type Query } from "../driver.ts";
import { quoteIdentifier } from "./quoting.ts";
import { columnTypeOf, readDefault } from "./types.ts";

const columnRow = z.object({
  table_name: z.string(),
  name: z.string(),
  type: z.string(),
  not_null: z.boolean(),
  default_expression: z.string().nullable(),
});
const indexRow = z.object({
  table_name: z.string(),
  name: z.string(),
  is_primary: z.boolean(),
  is_unique: z.boolean(),
  is_constraint: z.boolean(),
  columns: z.array(z.string()),
});
const referenceRow = z.object({
  table_name: z.string(),
  name: z.string(),
  column_name: z.string(),
  target_table: z.string(),
  target_column: z.string(),
  on_delete: z.string(),
});

/** By `pg_constraint.confdeltype`: no action and restrict differ only within a statement. */
const ON_DELETE: Readonly<Record<string, OnDelete>> = { a: "restrict", r: "restrict", c: "cascade", n: "set_null" };

const PUBLIC_TABLES = "JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'";

/** What makes its values by itself counts as having a default. */
const COLUMNS = `
SELECT c.relname::text AS table_name, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
  CASE WHEN a.attidentity <> '' THEN 'identity' ELSE pg_get_expr(d.adbin, d.adrelid) END AS default_expression
FROM pg_class c ${PUBLIC_TABLES}
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') ORDER BY c.relname, a.attnum`;

/** Whole-column, whole-table indexes; others guarantee and speed up something else. */
const INDEXES = `
SELECT c.relname::text AS table_name, x.relname::text AS name, i.indisprimary AS is_primary, i.indisunique AS is_unique,
  EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('u', 'x')) AS is_constraint,
  (SELECT json_agg(a.attname ORDER BY k.position) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum) AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid ${PUBLIC_TABLES}
JOIN pg_class x ON x.oid = i.indexrelid
WHERE i.indpred IS NULL AND i.indexprs IS NULL AND i.indisvalid ORDER BY x.relname`;

const REFERENCES = `
SELECT c.relname::text AS table_name, f.conname::text AS name, a.attname::text AS column_name, t.relname::text AS target_table,
  b.attname::text AS target_column, f.confdeltype::text AS on_delete
FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid ${PUBLIC_TABLES}
JOIN pg_class t ON t.oid = f.confrelid
JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = f.confkey[1]
WHERE f.contype = 'f' AND cardinality(f.conkey) = 1 ORDER BY f.conname`;

/** Which of these tables hold a row. */
async function tablesWithRows(query: Query, tables: readonly string[]): Promise<ReadonlySet<string>> {
  if (tables.length === 0) return new Set();
  const answer = await query(plain(`SELECT ${tables.map((name) => `EXISTS (SELECT FROM ${quoteIdentifier(name)})`).join(", ")}`));
  return new Set(tables.filter((_, index) => answer.rows[0]?.[index] === "t"));
}

/** Reads the tables of the schema `public`. */
export async function readCatalog(query: Query): Promise<Catalog> {
  const columns = z.array(columnRow).parse(decodeRows(await query(plain(COLUMNS))));
  const indexesOf = groupByTable(z.array(indexRow).parse(decodeRows(await query(plain(INDEXES)))));
  const referencesOf = groupByTable(z.array(referenceRow).parse(decodeRows(await query(plain(REFERENCES)))));
  const columnsOf = groupByTable(columns);
  const names = [...new Set(columns.map((column) => column.table_name))];
  const filled = await tablesWithRows(query, names);
  const table = (name: string): CatalogTable => ({
    name,
    columns: columnsOf(name).map((row) => {
      const type = columnTypeOf(row.type);
      const value = readDefault(type, row.default_expression);
      return { name: row.name, type, storage: row.type, nullable: !row.not_null, default: value };
    }),
    primaryKey: indexesOf(name).find((row) => row.is_primary)?.columns ?? [],
    indexes: indexesOf(name)
      .filter((row) => !row.is_primary)
      .map((row) => ({ name: row.name, columns: row.columns, unique: row.is_unique, isConstraint: row.is_constraint })),
    references: referencesOf(name).map((row) => ({
      name: row.name,
      column: row.column_name,
      table: row.target_table,
      targetColumn: row.target_column,
      onDelete: ON_DELETE[row.on_delete] ?? null,
      hasOwnIndex: false,
    })),
    // The server finds names by itself.
    takenNames: [],
    hasRows: filled.has(name),
  });
  return new Map(names.map((name) => [name, table(name)]));
}
