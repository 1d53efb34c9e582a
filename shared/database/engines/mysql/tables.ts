import { z } from "zod";
import type { ColumnType, OnDelete } from "../../schema/db-schema.ts";
import { constantDefault, isVisible, serverTypeName, type Table, type TableColumn, type TableSelection } from "../../tables/table.ts";
import { decodeRows } from "../decode.ts";
import type { Query } from "../driver.ts";

const count = z.coerce.number().catch(0);
const tableRow = z.object({ name: z.string(), approximate_rows: count, bytes: count });
const columnRow = z.object({
  table_name: z.string(),
  name: z.string(),
  type: z.string(),
  nullable: z.enum(["YES", "NO"]),
  default_text: z.string().nullable(),
});
const checkRow = z.object({ CONSTRAINT_NAME: z.string(), CHECK_CLAUSE: z.string(), TABLE_NAME: z.string().optional() });
const indexRow = z.object({
  table_name: z.string(),
  name: z.string(),
  non_unique: z.coerce.boolean(),
  column_name: z.string().nullable(),
  part: z.unknown(),
});
const referenceRow = z.object({
  table_name: z.string(),
  column: z.string(),
  name: z.string(),
  table: z.string(),
  target: z.string(),
});
const ruleRow = z.object({ table_name: z.string(), name: z.string(), on_delete: z.string() });

const OWN = (column: string) => `${column} = DATABASE()`;

const TABLES = `SELECT TABLE_NAME AS name, TABLE_ROWS AS approximate_rows, DATA_LENGTH + INDEX_LENGTH AS bytes
FROM information_schema.TABLES WHERE ${OWN("TABLE_SCHEMA")} AND TABLE_TYPE = 'BASE TABLE'`;

const COLUMNS = `SELECT TABLE_NAME AS table_name, COLUMN_NAME AS name, COLUMN_TYPE AS type, IS_NULLABLE AS nullable,
  COLUMN_DEFAULT AS default_text FROM information_schema.COLUMNS WHERE ${OWN("TABLE_SCHEMA")}`;

/** MariaDB keeps JSON as a text with a check of its own making, named after the column. Only there a check tells its table. */
const CHECKS = `SELECT * FROM information_schema.CHECK_CONSTRAINTS WHERE ${OWN("CONSTRAINT_SCHEMA")}`;

const INDEXES = `SELECT TABLE_NAME AS table_name, INDEX_NAME AS name, NON_UNIQUE AS non_unique, COLUMN_NAME AS column_name, SUB_PART AS part
FROM information_schema.STATISTICS WHERE ${OWN("TABLE_SCHEMA")}`;

const REFERENCES = `SELECT TABLE_NAME AS table_name, COLUMN_NAME AS \`column\`, CONSTRAINT_NAME AS name,
  REFERENCED_TABLE_NAME AS \`table\`, REFERENCED_COLUMN_NAME AS target
FROM information_schema.KEY_COLUMN_USAGE WHERE ${OWN("TABLE_SCHEMA")} AND REFERENCED_TABLE_NAME IS NOT NULL`;

/** Apart from the references: the server would join them slowly. */
const RULES = `SELECT TABLE_NAME AS table_name, CONSTRAINT_NAME AS name, DELETE_RULE AS on_delete
FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE ${OWN("CONSTRAINT_SCHEMA")}`;

/** Types whose values are read and written as one of a manifest's, without their widths. */
const TYPES: Readonly<Record<string, ColumnType>> = {
  tinyint: "integer",
  smallint: "integer",
  mediumint: "integer",
  int: "integer",
  bigint: "integer",
  double: "number",
  json: "json",
  varchar: "text",
  tinytext: "text",
  text: "text",
  mediumtext: "text",
  longtext: "text",
};
/** Those that mean something else at this very width. */
const EXACT_TYPES: Readonly<Record<string, ColumnType>> = { "tinyint(1)": "boolean", "datetime(3)": "timestamp" };

const ON_DELETE: Readonly<Record<string, OnDelete>> = { CASCADE: "cascade", "SET NULL": "set_null" };

function columnType({ type }: z.infer<typeof columnRow>, isKey: boolean): string {
  if (type === "char(36)" && isKey) return "id";
  return EXACT_TYPES[type] ?? TYPES[type.replace(/\(\d+\)$/, "")] ?? serverTypeName("mysql", type);
}

/** MySQL gives a constant as it is, MariaDB as it would be written; either says of an expression what it is. */
function defaultOf(type: string, { default_text: text }: z.infer<typeof columnRow>): TableColumn["default"] {
  if (text === null || text === "NULL") return undefined;
  if (/^current_timestamp(\(\d?\))?$/i.test(text)) return "now";
  const [, quoted] = /^(?:_[a-z0-9]+\s*)?\\?'(.*?)\\?'$/s.exec(text) ?? [];
  return constantDefault(type, quoted === undefined ? text : quoted.replaceAll(/''|\\(['"\\])/g, (match) => match.slice(-1)));
}

interface Index {
  readonly primary: boolean;
  readonly unique: boolean;
  readonly columns: readonly string[];
  /** Over whole columns, in the order in which they stand. */
  readonly whole: boolean;
}

function indexesOf(rows: readonly z.infer<typeof indexRow>[]): Index[] {
  const parts = Map.groupBy(rows, ({ name }) => name);
  return [...parts].map(([name, columns]) => ({
    primary: name === "PRIMARY",
    unique: columns.every(({ non_unique }) => !non_unique),
    columns: columns.flatMap(({ column_name }) => column_name ?? []),
    whole: columns.every(({ column_name, part }) => column_name !== null && part === null),
  }));
}

type ColumnReference = z.infer<typeof referenceRow> & { readonly on_delete: OnDelete };

interface Parts {
  readonly columns: readonly z.infer<typeof columnRow>[];
  /** The columns whose texts the server checks to be JSON. */
  readonly json: readonly string[];
  readonly indexes: readonly Index[];
  readonly references: readonly ColumnReference[];
}

function toColumn(row: z.infer<typeof columnRow>, { indexes, references, json }: Parts): TableColumn {
  const alone = indexes.filter(({ columns, whole }) => whole && columns.length === 1 && columns[0] === row.name);
  const primary = alone.some((index) => index.primary);
  const reference = references.find(({ column }) => column === row.name);
  const type = json.includes(row.name) ? "json" : columnType(row, primary || reference !== undefined);
  const preset = defaultOf(type, row);
  return {
    name: row.name,
    type,
    nullable: row.nullable === "YES",
    primary,
    unique: alone.some((index) => index.unique),
    ...(preset !== undefined && { default: preset }),
    ...(reference && {
      references: { table: reference.table, column: reference.target, on_delete: reference.on_delete },
    }),
  };
}

function toTable(row: z.infer<typeof tableRow>, parts: Parts): Table {
  const indexes = parts.indexes
    .filter(({ primary, whole }) => !primary && whole)
    .map(({ columns, unique }) => ({ columns: [...columns], unique }));
  return { ...row, columns: parts.columns.filter(({ name }) => isVisible(name)).map((column) => toColumn(column, parts)), indexes };
}

/** References of one column, with their rules; those of several are no column's own. */
function singleReferences(rows: readonly z.infer<typeof referenceRow>[], rules: readonly z.infer<typeof ruleRow>[]): ColumnReference[] {
  const isSame = (a: z.infer<typeof ruleRow> | z.infer<typeof referenceRow>, b: z.infer<typeof referenceRow>) =>
    a.table_name === b.table_name && a.name === b.name;
  const single = rows.filter((row) => rows.filter((other) => isSame(other, row)).length === 1);
  return single.map((row) => ({ ...row, on_delete: ON_DELETE[rules.find((rule) => isSame(rule, row))?.on_delete ?? ""] ?? "restrict" }));
}

/** The tables of the session's database that the account may read, by their names. */
export async function readMysqlTables(query: Query, { name }: TableSelection): Promise<Table[]> {
  const read = async <Row>(schema: z.ZodType<Row>, text: string, selected: string, order = "") => {
    const answer = await query({
      text: `${text}${name === undefined ? "" : selected}${order}`,
      params: name === undefined || selected === "" ? [] : [name],
    });
    return z.array(schema).parse(decodeRows(answer));
  };
  const one = " AND TABLE_NAME = ?";
  const tables = (await read(tableRow, TABLES, one, " ORDER BY TABLE_NAME")).filter((row) => isVisible(row.name));
  if (tables.length === 0) return [];
  const columns = Map.groupBy(await read(columnRow, COLUMNS, one, " ORDER BY ORDINAL_POSITION"), tableName);
  const checks = (await read(checkRow, CHECKS, "")).filter((check) => check.CHECK_CLAUSE === `json_valid(\`${check.CONSTRAINT_NAME}\`)`);
  const indexes = Map.groupBy(await read(indexRow, INDEXES, one, " ORDER BY INDEX_NAME, SEQ_IN_INDEX"), tableName);
  const references = await read(referenceRow, REFERENCES, one);
  const rules = references.length === 0 ? [] : await read(ruleRow, RULES, one);
  return tables.map((row) =>
    toTable(row, {
      columns: columns.get(row.name) ?? [],
      json: checks.filter((check) => check.TABLE_NAME === row.name).map((check) => check.CONSTRAINT_NAME),
      indexes: indexesOf(indexes.get(row.name) ?? []),
      references: singleReferences(references, rules).filter((reference) => reference.table_name === row.name),
    }),
  );
}

const tableName = ({ table_name }: { readonly table_name: string }) => table_name;
