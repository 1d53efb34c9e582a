import { z } from "zod";
import type { OnDelete } from "../../schema/db-schema.ts";
import { type Catalog, type CatalogIndex, type CatalogTable, groupByTable } from "../catalog.ts";
import { plain, type Query } from "../driver.ts";
import { COLLATIONS } from "./collation.ts";
import { quoteIdentifier, quoteLiteral } from "./quoting.ts";
import { columnTypeOf, readDefault } from "./types.ts";

const OURS: ReadonlySet<string> = new Set(COLLATIONS);

const serverRow = z.tuple([z.string(), z.string()]);
const columnRow = z
  .tuple([z.string(), z.string(), z.string(), z.string().nullable(), z.string().nullable(), z.string(), z.string()])
  .transform(([table_name, name, type, collation, value, nullable, extra]) => ({
    ...{ table_name, name, type, collation, value, extra },
    nullable: nullable === "YES",
  }));
const jsonRow = z.tuple([z.string(), z.string()]);
const indexRow = z
  .tuple([z.string(), z.string(), z.string(), z.string().nullable(), z.string().nullable()])
  .transform(([table_name, name, nonUnique, column, part]) => ({ table_name, name, unique: nonUnique === "0", column, part }));
const referenceRow = z
  .tuple([z.string(), z.string(), z.string(), z.string(), z.string(), z.string()])
  .transform(([table_name, name, column, table, targetColumn, rule]) => ({ table_name, name, column, table, targetColumn, rule }));

type ColumnRow = z.output<typeof columnRow>;
type IndexRow = z.output<typeof indexRow>;

const ON_DELETE: Readonly<Record<string, OnDelete>> = {
  "NO ACTION": "restrict",
  RESTRICT: "restrict",
  CASCADE: "cascade",
  "SET NULL": "set_null",
};

const SERVER = `
SELECT VERSION(), COLLATION_NAME FROM information_schema.COLLATIONS WHERE COLLATION_NAME IN (${COLLATIONS.map(quoteLiteral).join(", ")}) LIMIT 1`;

/** Names of declared tables begin with a letter; others are what migrations keep for themselves. */
const OWN_TABLES = "TABLE_NAME REGEXP '^[a-z]' AND TABLE_NAME <> 'schema_migrations'";

const COLUMNS = `
SELECT c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, c.COLLATION_NAME, c.COLUMN_DEFAULT, c.IS_NULLABLE, c.EXTRA
FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_NAME)
WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' AND ${OWN_TABLES}
ORDER BY TABLE_NAME, c.ORDINAL_POSITION`;

/** MariaDB keeps JSON as text, and says with a check what it is. */
const JSON_COLUMNS = `
SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = DATABASE() AND LEVEL = 'Column' AND CHECK_CLAUSE LIKE 'json_valid(%'`;

const INDEXES = `
SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS
WHERE TABLE_SCHEMA = DATABASE() AND ${OWN_TABLES} ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`;

const REFERENCES = `
SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.DELETE_RULE
FROM information_schema.KEY_COLUMN_USAGE k
JOIN information_schema.REFERENTIAL_CONSTRAINTS r ON r.CONSTRAINT_SCHEMA = DATABASE()
  AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.TABLE_SCHEMA = DATABASE() AND k.CONSTRAINT_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_NAME IS NOT NULL ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`;

/** `json_valid(`name`)` of MariaDB's checks. */
const checkedColumn = (clause: string) => /^json_valid\(`([^`]+)`\)$/.exec(clause)?.[1];

function storageOf({ type, collation }: ColumnRow, isJson: boolean): string {
  if (isJson) return "json";
  // Older servers tell how wide an integer is to be shown.
  const base = type.toLowerCase().replace(/^bigint\(\d+\)$/, "bigint");
  return collation === null || OURS.has(collation) ? base : `${base} ${collation}`;
}

/** What makes its values by itself counts as having a default. */
function defaultOf(row: ColumnRow): string | null {
  return row.value ?? (/generated|auto_increment/i.test(row.extra) ? row.extra : null);
}

/** Indexes of whole columns; one that guarantees nothing may cover the beginnings of long texts. */
function indexesOf(rows: readonly IndexRow[]): CatalogIndex[] {
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

/** Reads the tables of the session's database. */
export async function readCatalog(query: Query): Promise<MysqlCatalog> {
  const rowsOf = async <Row>(text: string, row: z.ZodType<Row>): Promise<Row[]> => z.array(row).parse((await query(plain(text))).rows);
  const [server] = await rowsOf(SERVER, serverRow);
  const [version = "", collation = COLLATIONS[0]] = server ?? [];
  const columns = await rowsOf(COLUMNS, columnRow);
  const mayHaveJson = version.includes("MariaDB") && columns.some(({ type }) => type === "longtext");
  const checks = mayHaveJson ? await rowsOf(JSON_COLUMNS, jsonRow) : [];
  const json = new Set(checks.map(([table, clause]) => `${table}.${checkedColumn(clause)}`));
  const indexRows = groupByTable(await rowsOf(INDEXES, indexRow));
  const references = await rowsOf(REFERENCES, referenceRow);
  const names = [...new Set(columns.map((column) => column.table_name))];
  const filled = await tablesWithRows(query, names);
  const columnsOf = groupByTable(columns);
  const referencesOf = groupByTable(references);
  const table = (name: string): CatalogTable => {
    const keys = Map.groupBy(referencesOf(name), (row) => row.name);
    const indexes = indexesOf(indexRows(name));
    return {
      name,
      columns: columnsOf(name).map((row) => {
        const storage = storageOf(row, json.has(`${name}.${row.name}`) || row.type === "json");
        const type = columnTypeOf(storage);
        return { name: row.name, type, storage, nullable: row.nullable, default: readDefault(type, defaultOf(row)) };
      }),
      primaryKey: indexRows(name).flatMap((row) => (row.name === "PRIMARY" && row.column !== null ? [row.column] : [])),
      indexes: indexes.filter((index) => !keys.has(index.name)),
      references: [...keys.values()].flatMap(([key, ...others]) => {
        if (!key || others.length > 0) return [];
        const onDelete = ON_DELETE[key.rule] ?? null;
        return [{ ...key, onDelete, hasOwnIndex: indexes.some((index) => index.name === key.name) }];
      }),
      takenNames: [...new Set([...indexRows(name).map((row) => row.name), ...keys.keys()])],
      hasRows: filled.has(name),
    };
  };
  return { catalog: new Map(names.map((name) => [name, table(name)])), collation };
}

/** Which of these tables hold a row. */
async function tablesWithRows(query: Query, tables: readonly string[]): Promise<ReadonlySet<string>> {
  if (tables.length === 0) return new Set();
  const answer = await query(plain(`SELECT ${tables.map((name) => `EXISTS (SELECT 1 FROM ${quoteIdentifier(name)})`).join(", ")}`));
  return new Set(tables.filter((_, index) => answer.rows[0]?.[index] === "1"));
}
