import { z } from "zod";
import type { ColumnType, OnDelete } from "../../schema/db-schema.ts";
import { constantDefault, isVisible, serverTypeName, type Table, type TableColumn, type TableSelection } from "../../tables/table.ts";
import { decodeRows } from "../decode.ts";
import type { Query } from "../driver.ts";

const columnRow = z.object({
  name: z.string(),
  type: z.string(),
  not_null: z.boolean(),
  default_expression: z.string().nullable(),
});
const indexRow = z.object({ primary: z.boolean(), unique: z.boolean(), columns: z.array(z.string()) });
const referenceRow = z.object({ column: z.string(), table: z.string(), target: z.string(), on_delete: z.string() });
const tableRow = z.object({
  name: z.string(),
  approximate_rows: z.coerce.number(),
  bytes: z.coerce.number(),
  columns: z.array(columnRow),
  indexes: z.array(indexRow),
  references: z.array(referenceRow),
});

/** Tables that the role may read. Statistics of a table that was never analysed are its counter of live rows. */
const TABLES = `
SELECT c.relname::text AS name, pg_total_relation_size(c.oid) AS bytes,
  CASE WHEN pg_stat_get_live_tuples(c.oid) > 0 THEN pg_stat_get_live_tuples(c.oid) ELSE greatest(c.reltuples, 0)::bigint END AS approximate_rows,
  (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'not_null', a.attnotnull,
      'default_expression', pg_get_expr(d.adbin, d.adrelid)) ORDER BY a.attnum), '[]')
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT coalesce(json_agg(json_build_object('primary', i.indisprimary, 'unique', i.indisunique, 'columns',
      (SELECT json_agg(a.attname ORDER BY k.position) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, position)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum WHERE k.position <= i.indnkeyatts)) ORDER BY i.indexrelid), '[]')
    FROM pg_index i WHERE i.indrelid = c.oid AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indisvalid) AS indexes,
  (SELECT coalesce(json_agg(json_build_object('column', a.attname, 'table', t.relname, 'target', b.attname, 'on_delete', f.confdeltype)), '[]')
    FROM pg_constraint f JOIN pg_class t ON t.oid = f.confrelid
    JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
    JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = f.confkey[1]
    WHERE f.conrelid = c.oid AND f.contype = 'f' AND cardinality(f.conkey) = 1) AS "references"
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND has_table_privilege(c.oid, 'SELECT') AND ($1::text IS NULL OR c.relname = $1)
ORDER BY c.relname`;

/** Types whose values are read and written as one of a manifest's. Moments of another precision would not come back as they are. */
const TYPES: Readonly<Record<string, ColumnType>> = {
  smallint: "integer",
  integer: "integer",
  bigint: "integer",
  real: "number",
  "double precision": "number",
  boolean: "boolean",
  jsonb: "json",
  text: "text",
  "character varying": "text",
  "timestamp(3) with time zone": "timestamp",
};

const ON_DELETE: Readonly<Record<string, OnDelete>> = { c: "cascade", n: "set_null" };

function columnType(name: string, isKey: boolean): string {
  if (name === "uuid" && isKey) return "id";
  return TYPES[name.replace(/^character varying\(\d+\)$/, "character varying")] ?? serverTypeName("postgres", name);
}

/** The text of a constant as `pg_get_expr` writes it, such as `'a''b'::text`, `E'a\\b'::text`, `5` or `true`. */
function constantText(expression: string): string | undefined {
  const [, escaped, quoted] = /^(E?)'((?:[^']|'')*)'(?:::[a-z0-9() ]+)?$/s.exec(expression) ?? [];
  if (quoted === undefined) return /^(true|false|-?[\d.]+)$/.test(expression) ? expression : undefined;
  const text = quoted.replaceAll("''", "'");
  return escaped === "E" ? text.replaceAll("\\\\", "\\") : text;
}

function defaultOf(type: string, expression: string): TableColumn["default"] {
  if (type === "timestamp" && /^(now\(\)|CURRENT_TIMESTAMP)/.test(expression)) return "now";
  const constant = constantText(expression);
  return constant === undefined ? expression : constantDefault(type, constant);
}

function toTable(row: z.infer<typeof tableRow>): Table {
  const isOnly = (columns: readonly string[], name: string) => columns.length === 1 && columns[0] === name;
  const visible = row.columns.filter(({ name }) => isVisible(name));
  const columns = visible.map(({ name, type: serverType, not_null, default_expression }): TableColumn => {
    const primary = row.indexes.some((index) => index.primary && isOnly(index.columns, name));
    const reference = row.references.find(({ column }) => column === name);
    const type = columnType(serverType, primary || reference !== undefined);
    return {
      name,
      type,
      nullable: !not_null,
      primary,
      unique: row.indexes.some((index) => index.unique && isOnly(index.columns, name)),
      ...(default_expression !== null && { default: defaultOf(type, default_expression) }),
      ...(reference && {
        references: { table: reference.table, column: reference.target, on_delete: ON_DELETE[reference.on_delete] ?? "restrict" },
      }),
    };
  });
  const indexes = row.indexes.filter(({ primary }) => !primary).map(({ columns: names, unique }) => ({ columns: names, unique }));
  return { name: row.name, columns, indexes, approximate_rows: row.approximate_rows, bytes: row.bytes };
}

/** The tables of schema `public` that the role may read, by their names. */
export async function readPostgresTables(query: Query, { name }: TableSelection): Promise<Table[]> {
  const answer = await query({ text: TABLES, params: [name ?? null] });
  return z
    .array(tableRow)
    .parse(decodeRows(answer))
    .filter((row) => isVisible(row.name))
    .map(toTable);
}
