import type { DbSchema } from "#database";
import type { Fault } from "#platform/errors";
import type { ReadNode } from "./structure.ts";

type Table = DbSchema["tables"][number];

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Tables and columns that db nodes name and db_schema does not have, and changes without a condition. */
export function databaseFaults(nodes: readonly ReadNode[], dbSchema: DbSchema | null): Fault[] {
  return nodes
    .filter(({ node }) => node.type === "db")
    .flatMap(({ index, node: { config } }) => {
      const path = `workflow.nodes[${index}].config`;
      return [...conditionFaults(config, path), ...sqlFaults(config, path), ...(dbSchema ? schemaFaults(config, path, dbSchema) : [])];
    });
}

function conditionFaults({ operation, where }: Readonly<Record<string, unknown>>, path: string): Fault[] {
  if (operation !== "update" && operation !== "delete") return [];
  if (where !== undefined && !(isRecord(where) && Object.keys(where).length === 0)) return [];
  return [
    { path: `${path}.where`, code: "missing_where", message: `Say which rows to ${operation}: without where it would be all of them.` },
  ];
}

function sqlFaults({ operation, sql }: Readonly<Record<string, unknown>>, path: string): Fault[] {
  if (operation !== "sql" || typeof sql !== "string" || !sql.includes("{{")) return [];
  return [{ path: `${path}.sql`, code: "expression_in_sql", message: "Give values as params and name them $1, $2, … in the statement." }];
}

function schemaFaults(config: Readonly<Record<string, unknown>>, path: string, { tables }: DbSchema): Fault[] {
  const { operation, table: name } = config;
  if (operation === "sql" || typeof name !== "string") return [];
  const table = tables.find((candidate) => candidate.name === name);
  if (table) return columnFaults(config, path, table);
  const known = tables.map((candidate) => candidate.name).join(", ") || "none";
  return [{ path: `${path}.table`, code: "unknown_table", message: `db_schema has no table ${name}; its tables: ${known}.` }];
}

function columnFaults({ values, where, order_by, conflict }: Readonly<Record<string, unknown>>, path: string, table: Table): Fault[] {
  const named = [
    ...(Array.isArray(values)
      ? values.flatMap((row: unknown, index) => keysOf(row, `${path}.values[${index}]`))
      : keysOf(values, `${path}.values`)),
    ...keysOf(where, `${path}.where`),
    ...orderColumns(order_by, `${path}.order_by`),
    ...(Array.isArray(conflict) ? conflict : []).map((column: unknown, index) => ({ column, path: `${path}.conflict[${index}]` })),
  ];
  const known = new Set<unknown>(table.columns.map((column) => column.name));
  return named
    .filter(({ column }) => !known.has(column))
    .map((use) => ({
      path: use.path,
      code: "unknown_column",
      message: `Table ${table.name} has no column ${String(use.column)}; its columns: ${[...known].join(", ")}.`,
    }));
}

interface ColumnUse {
  readonly column: unknown;
  readonly path: string;
}

function keysOf(value: unknown, path: string): ColumnUse[] {
  return isRecord(value) ? Object.keys(value).map((column) => ({ column, path: `${path}.${column}` })) : [];
}

function orderColumns(orderBy: unknown, path: string): ColumnUse[] {
  if (!Array.isArray(orderBy)) return [];
  return orderBy.flatMap((item: unknown, index) => (isRecord(item) ? [{ column: item["column"], path: `${path}[${index}].column` }] : []));
}
