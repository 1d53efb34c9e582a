import { z } from "zod";
import { decodeRows } from "../decode.ts";
import { plain, type Query } from "../driver.ts";
import { quoteIdentifier } from "./quoting.ts";

const columnRow = z.object({
  table_name: z.string(),
  name: z.string(),
  type: z.string(),
  not_null: z.boolean(),
  default_expression: z.string().nullable(),
});
const indexRow = z.object({ table_name: z.string(), is_primary: z.boolean(), is_unique: z.boolean(), columns: z.array(z.string()) });
const referenceRow = z.object({
  table_name: z.string(),
  column_name: z.string(),
  target_table: z.string(),
  target_column: z.string(),
  on_delete: z.string(),
});

export interface CatalogColumn {
  readonly name: string;
  /** As `format_type` writes it, such as `timestamp(3) with time zone`. */
  readonly type: string;
  readonly notNull: boolean;
  readonly default: string | null;
}

interface CatalogIndex {
  readonly columns: readonly string[];
  readonly unique: boolean;
  readonly primary: boolean;
}

interface CatalogReference {
  readonly column: string;
  readonly table: string;
  readonly targetColumn: string;
  /** As `pg_constraint.confdeltype`: a no action, r restrict, c cascade, n set null, d set default. */
  readonly onDelete: string;
}

export interface CatalogTable {
  readonly name: string;
  readonly columns: readonly CatalogColumn[];
  readonly indexes: readonly CatalogIndex[];
  readonly references: readonly CatalogReference[];
  readonly hasRows: boolean;
}

/** The tables of a workspace database as they are. */
export type Catalog = ReadonlyMap<string, CatalogTable>;

const PUBLIC_TABLES = "JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'";

const COLUMNS = `
SELECT c.relname::text AS table_name, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
  a.attnotnull AS not_null, pg_get_expr(d.adbin, d.adrelid) AS default_expression
FROM pg_class c ${PUBLIC_TABLES}
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p') ORDER BY c.relname, a.attnum`;

/** Whole-column, whole-table indexes; others guarantee and speed up something else. */
const INDEXES = `
SELECT c.relname::text AS table_name, i.indisprimary AS is_primary, i.indisunique AS is_unique,
  (SELECT json_agg(a.attname ORDER BY k.position) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum) AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid ${PUBLIC_TABLES}
WHERE i.indpred IS NULL AND i.indexprs IS NULL AND i.indisvalid`;

const REFERENCES = `
SELECT c.relname::text AS table_name, a.attname::text AS column_name, t.relname::text AS target_table,
  b.attname::text AS target_column, f.confdeltype::text AS on_delete
FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid ${PUBLIC_TABLES}
JOIN pg_class t ON t.oid = f.confrelid
JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = f.confkey[1]
WHERE f.contype = 'f' AND cardinality(f.conkey) = 1`;

/** Which of these tables hold a row. */
async function tablesWithRows(query: Query, tables: readonly string[]): Promise<ReadonlySet<string>> {
  if (tables.length === 0) return new Set();
  const selects = tables.map((_, index) => `EXISTS (SELECT FROM ${quoteIdentifier(tables[index] ?? "")}) AS t${index}`);
  const answer = await query(plain(`SELECT ${selects.join(", ")}`));
  const [row] = z.array(z.record(z.string(), z.boolean())).parse(decodeRows(answer));
  return new Set(tables.filter((_, index) => row?.[`t${index}`]));
}

/** Reads the catalog. Whether a table holds rows is looked up for `tables` only; for others it is taken for granted. */
export async function readCatalog(query: Query, tables: ReadonlySet<string>): Promise<Catalog> {
  const columns = z.array(columnRow).parse(decodeRows(await query(plain(COLUMNS))));
  const indexes = z.array(indexRow).parse(decodeRows(await query(plain(INDEXES))));
  const references = z.array(referenceRow).parse(decodeRows(await query(plain(REFERENCES))));
  const names = [...new Set(columns.map((column) => column.table_name))];
  const asked = names.filter((name) => tables.has(name));
  const filled = await tablesWithRows(query, asked);
  const of = <Row extends { table_name: string }>(rows: Row[], name: string) => rows.filter((row) => row.table_name === name);
  const table = (name: string): CatalogTable => ({
    name,
    columns: of(columns, name).map((row) => ({ name: row.name, type: row.type, notNull: row.not_null, default: row.default_expression })),
    indexes: of(indexes, name).map((row) => ({ columns: row.columns, unique: row.is_unique, primary: row.is_primary })),
    references: of(references, name).map((row) => ({
      column: row.column_name,
      table: row.target_table,
      targetColumn: row.target_column,
      onDelete: row.on_delete,
    })),
    hasRows: !tables.has(name) || filled.has(name),
  });
  return new Map(names.map((name) => [name, table(name)]));
}
