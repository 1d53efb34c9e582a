import { z } from "zod";
import type { OnDelete } from "../../schema/db-schema.ts";
import { type Catalog, type CatalogIndex, type CatalogTable, groupByTable } from "../catalog.ts";
import { plain, type Query } from "../driver.ts";
import { COLLATIONS } from "./collation.ts";
import { quoteIdentifier, quoteLiteral } from "./quoting.ts";
import { columnTypeOf, readDefault } from "./types.ts";

const OURS: ReadonlySet<string> = new Set(COLLATIONS);

/** One row of the catalog's one query: what it tells of, its table, its name, and what there is to say. */
const text = z.string();
const optional = z.string().nullable();
const catalogRow = z.union([
  z.tuple([z.literal("server"), text, text, optional, optional, optional, optional]).transform(([kind, version, collation]) => ({
    ...{ kind, version, collation },
  })),
  z
    .tuple([z.literal("column"), text, text, text, optional, optional, text])
    .transform(([kind, table_name, name, type, collation, value, traits]) => ({
      ...{ kind, table_name, name, type, collation, value },
      nullable: traits.startsWith("YES"),
      isGenerated: /generated|auto_increment/i.test(traits),
    })),
  z
    .tuple([z.literal("index"), text, text, optional, optional, text, text])
    .transform(([kind, table_name, name, column, part, nonUnique]) => ({
      ...{ kind, table_name, name, column, part },
      unique: nonUnique === "0",
    })),
  z
    .tuple([z.literal("reference"), text, text, text, text, text, text])
    .transform(([kind, table_name, name, column, table, targetColumn, rule]) => ({
      ...{ kind, table_name, name, column, table, targetColumn, rule },
    })),
  z
    .tuple([z.literal("json"), text, text, optional, optional, optional, optional])
    .transform(([kind, table_name, clause]) => ({ kind, table_name, clause })),
]);

type CatalogRow = z.output<typeof catalogRow>;
type RowOf<Kind extends CatalogRow["kind"]> = Extract<CatalogRow, { readonly kind: Kind }>;

const ON_DELETE: Readonly<Record<string, OnDelete>> = {
  "NO ACTION": "restrict",
  RESTRICT: "restrict",
  CASCADE: "cascade",
  "SET NULL": "set_null",
};

/** Names of declared tables begin with a letter; others are what migrations keep for themselves. */
const OWN_TABLES = "TABLE_NAME REGEXP '^[a-z]' AND TABLE_NAME <> 'schema_migrations'";

/**
 * Everything in one query: each costs a request. Of MySQL's words, only MariaDB reads what begins with `M!`: it keeps JSON as text,
 * and says with a check what it is. The last column but one orders a table's columns, and those of an index.
 */
const CATALOG = `
SELECT kind, t, n, a, b, c, d FROM (
SELECT 'server' AS kind, VERSION() AS t, COLLATION_NAME AS n, NULL AS a, NULL AS b, NULL AS c, NULL AS d, 0 AS o
FROM information_schema.COLLATIONS WHERE COLLATION_NAME IN (${COLLATIONS.map(quoteLiteral).join(", ")})
UNION ALL
SELECT 'column', TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, c.COLLATION_NAME, c.COLUMN_DEFAULT, CONCAT(c.IS_NULLABLE, ' ', c.EXTRA),
  c.ORDINAL_POSITION
FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_NAME)
WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' AND ${OWN_TABLES}
UNION ALL
SELECT 'index', TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART, NON_UNIQUE, INDEX_TYPE, SEQ_IN_INDEX
FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND ${OWN_TABLES}
UNION ALL
SELECT 'reference', k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.DELETE_RULE,
  k.ORDINAL_POSITION
FROM information_schema.KEY_COLUMN_USAGE k
JOIN information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = DATABASE()
  AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.TABLE_SCHEMA = DATABASE() AND k.CONSTRAINT_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_NAME IS NOT NULL
/*M! UNION ALL
SELECT 'json', TABLE_NAME, CHECK_CLAUSE, NULL, NULL, NULL, NULL, 0 FROM information_schema.CHECK_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = DATABASE() AND LEVEL = 'Column' AND CHECK_CLAUSE LIKE 'json_valid(%' */
) AS catalog ORDER BY kind, t, CASE kind WHEN 'column' THEN '' ELSE n END, o`;

/** `json_valid(`name`)` of MariaDB's checks. */
const checkedColumn = (clause: string) => /^json_valid\(`([^`]+)`\)$/.exec(clause)?.[1];

function storageOf({ type, collation }: RowOf<"column">, isJson: boolean): string {
  if (isJson) return "json";
  // Older servers tell how wide an integer is to be shown.
  const base = type.toLowerCase().replace(/^bigint\(\d+\)$/, "bigint");
  return collation === null || OURS.has(collation) ? base : `${base} ${collation}`;
}

/** What makes its values by itself counts as having a default. */
function defaultOf({ value, isGenerated }: RowOf<"column">): string | null {
  return value ?? (isGenerated ? "generated" : null);
}

/** Indexes of whole columns; one that guarantees nothing may cover the beginnings of long texts. */
function indexesOf(rows: readonly RowOf<"index">[]): CatalogIndex[] {
  return [...Map.groupBy(rows, (row) => row.name)].flatMap(([name, parts]) => {
    const columns = parts.flatMap(({ column }) => column ?? []);
    const unique = parts.every((part) => part.unique);
    const isWhole = columns.length === parts.length && (!unique || parts.every(({ part }) => part === null));
    return isWhole && name !== "PRIMARY" ? [{ name, columns, unique, isConstraint: false }] : [];
  });
}

/** A server's catalog, and the collation that it compares texts by as PostgreSQL does. */
export interface MysqlCatalog {
  readonly catalog: Catalog;
  readonly collation: string;
}

function tableOf(
  name: string,
  columns: readonly RowOf<"column">[],
  json: ReadonlySet<string>,
  keys: TableKeys,
  hasRows: boolean,
): CatalogTable {
  const references = Map.groupBy(keys.references, (row) => row.name);
  const indexes = indexesOf(keys.indexes);
  return {
    name,
    columns: columns.map((row) => {
      const storage = storageOf(row, json.has(`${name}.${row.name}`) || row.type === "json");
      const type = columnTypeOf(storage);
      return { name: row.name, type, storage, nullable: row.nullable, default: readDefault(type, defaultOf(row)) };
    }),
    primaryKey: keys.indexes.flatMap((row) => (row.name === "PRIMARY" && row.column !== null ? [row.column] : [])),
    indexes: indexes.filter((index) => !references.has(index.name)),
    references: [...references.values()].flatMap(([key, ...others]) => {
      if (!key || others.length > 0) return [];
      const { column, table, targetColumn } = key;
      const hasOwnIndex = indexes.some((index) => index.name === key.name);
      return [{ name: key.name, column, table, targetColumn, onDelete: ON_DELETE[key.rule] ?? null, hasOwnIndex }];
    }),
    takenNames: [...new Set([...keys.indexes.map((row) => row.name), ...references.keys()])],
    hasRows,
  };
}

interface TableKeys {
  readonly indexes: readonly RowOf<"index">[];
  readonly references: readonly RowOf<"reference">[];
}

/** Reads the tables of the session's database. */
export async function readCatalog(query: Query): Promise<MysqlCatalog> {
  const rows = z.array(catalogRow).parse((await query(plain(CATALOG))).rows);
  const ofKind = <Kind extends CatalogRow["kind"]>(kind: Kind) => rows.filter((row): row is RowOf<Kind> => row.kind === kind);
  const columns = ofKind("column");
  const json = new Set(ofKind("json").map(({ table_name, clause }) => `${table_name}.${checkedColumn(clause)}`));
  const [columnsOf, indexesIn, referencesIn] = [groupByTable(columns), groupByTable(ofKind("index")), groupByTable(ofKind("reference"))];
  const names = [...new Set(columns.map((column) => column.table_name))];
  const filled = await tablesWithRows(query, names);
  const table = (name: string) =>
    tableOf(name, columnsOf(name), json, { indexes: indexesIn(name), references: referencesIn(name) }, filled.has(name));
  return { catalog: new Map(names.map((name) => [name, table(name)])), collation: ofKind("server")[0]?.collation ?? COLLATIONS[0] };
}

/** Which of these tables hold a row. */
async function tablesWithRows(query: Query, tables: readonly string[]): Promise<ReadonlySet<string>> {
  if (tables.length === 0) return new Set();
  const answer = await query(plain(`SELECT ${tables.map((name) => `EXISTS (SELECT 1 FROM ${quoteIdentifier(name)})`).join(", ")}`));
  return new Set(tables.filter((_, index) => answer.rows[0]?.[index] === "1"));
}
