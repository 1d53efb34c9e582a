import type { DbSchema } from "#database";
import type { Fault } from "#platform/errors";
import { isNeeded } from "../nodes/tools/table-parameters.ts";
import { type TableToolConfig, tableTools } from "../nodes/tools/tool-config.ts";
import type { ReadNode } from "./structure.ts";

type Table = DbSchema["tables"][number];

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Tables and columns that nodes name and db_schema does not have, and changes without a condition. */
export function databaseFaults(nodes: readonly ReadNode[], dbSchema: DbSchema | null): Fault[] {
  return [...nodeFaults(nodes, dbSchema), ...(dbSchema ? nodes.flatMap((node) => toolFaults(node, dbSchema)) : [])];
}

/** The same for the tables among the tools of a node. */
function toolFaults({ index, node }: ReadNode, dbSchema: DbSchema): Fault[] {
  if (node.type !== "agent" && node.type !== "llm") return [];
  return tableTools(node.config["tools"]).flatMap(({ index: position, tool }) => {
    const path = `workflow.nodes[${index}].config.tools[${position}]`;
    const table = dbSchema.tables.find(({ name }) => name === tool.table);
    return table ? toolColumnFaults(tool, path, table) : [unknownTable(`${path}.table`, tool.table, dbSchema)];
  });
}

function toolColumnFaults({ columns, operations }: TableToolConfig, path: string, table: Table): Fault[] {
  if (!columns) return [];
  const unknown = unknownColumns(
    columns.map((column, index) => ({ column, path: `${path}.columns[${index}]` })),
    table,
  );
  const needed = operations.includes("insert") ? table.columns.filter(isNeeded) : [];
  const missing = needed.map(({ name }) => name).filter((name) => !columns.includes(name));
  if (missing.length === 0) return unknown;
  const message = `A new row of ${table.name} needs a value for ${missing.join(", ")}: name it among the columns.`;
  return [...unknown, { path: `${path}.columns`, code: "missing_column", message }];
}

function nodeFaults(nodes: readonly ReadNode[], dbSchema: DbSchema | null): Fault[] {
  return nodes
    .filter(({ node }) => node.type === "db")
    .flatMap(({ index, node: { config } }) => operationFaults(config, `workflow.nodes[${index}].config`, dbSchema));
}

function operationFaults(config: Readonly<Record<string, unknown>>, path: string, dbSchema: DbSchema | null): Fault[] {
  const { operation, operations } = config;
  if (operation === "transaction" && Array.isArray(operations)) {
    return operations.flatMap((single: unknown, index) =>
      isRecord(single) ? operationFaults(single, `${path}.operations[${index}]`, dbSchema) : [],
    );
  }
  return [...conditionFaults(config, path), ...sqlFaults(config, path), ...(dbSchema ? schemaFaults(config, path, dbSchema) : [])];
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

function schemaFaults(config: Readonly<Record<string, unknown>>, path: string, dbSchema: DbSchema): Fault[] {
  const { operation, table: name } = config;
  if (operation === "sql" || typeof name !== "string") return [];
  const table = dbSchema.tables.find((candidate) => candidate.name === name);
  return table ? columnFaults(config, path, table) : [unknownTable(`${path}.table`, name, dbSchema)];
}

function unknownTable(path: string, name: string, { tables }: DbSchema): Fault {
  const known = tables.map((candidate) => candidate.name).join(", ") || "none";
  return { path, code: "unknown_table", message: `db_schema has no table ${name}; its tables: ${known}.` };
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
  return unknownColumns(named, table);
}

function unknownColumns(uses: readonly ColumnUse[], table: Table): Fault[] {
  const known = new Set<unknown>(table.columns.map((column) => column.name));
  return uses
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
