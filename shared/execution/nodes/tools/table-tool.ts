import { z } from "zod";
import { type DbOperation, type DbTable, dbOperationSchema } from "#database";
import { AppError } from "#platform/errors";
import { formatPath } from "#platform/faults";
import type { NodeIo } from "../node.ts";
import type { NodeTool, ToolArguments } from "./node-tool.ts";
import { tableParameters } from "./table-parameters.ts";
import { type TableOperation, type TableToolConfig, tableToolName } from "./tool-config.ts";

/** Rows that a select gives where the model does not say. */
const DEFAULT_ROWS = 20;

const ACTIONS: Readonly<Record<TableOperation, string>> = {
  select: "Reads rows of",
  insert: "Adds one row to",
  update: "Changes the rows that where names of",
  delete: "Deletes the rows that where names of",
  count: "Counts rows of",
};

/** A table as tools, one an operation. `place`: where it stands in the config. */
export function tableTools({ table: name, operations, columns, description }: TableToolConfig, place: string, io: NodeIo): NodeTool[] {
  const declared = io.dbSchema.tables.find((table) => table.name === name);
  if (!declared) throw new AppError("node_failed", `config.${place}.table: db_schema has no table ${name}.`);
  const table = { ...declared, columns: declared.columns.filter((column) => columns?.includes(column.name) ?? true) };
  return operations.map((operation) => ({
    name: tableToolName(operation, name),
    description: `${ACTIONS[operation]} the table ${name}.${description === undefined ? "" : ` ${description}`}`,
    parameters: tableParameters(operation, table),
    run: async (args) => {
      const { rows, count } = await io.services.executeOperation(operationOf(operation, table, args), io.signal, io.dbSchema);
      return { rows: rows.map((row) => visible(row, table)), count };
    },
  }));
}

function visible(row: Readonly<Record<string, unknown>>, { columns }: DbTable): Record<string, unknown> {
  return Object.fromEntries(columns.filter(({ name }) => name in row).map(({ name }) => [name, row[name]]));
}

const namesSchema = z.object({
  where: z.record(z.string(), z.unknown(), "Give an object of columns.").default({}),
  values: z.record(z.string(), z.unknown(), "Give one row: an object of columns.").default({}),
  order_by: z.array(z.looseObject({ column: z.string() })).default([]),
});

/** The operation that arguments ask for. Throws `validation_failed` for what it cannot be, and for columns that are not the tool's. */
function operationOf(operation: TableOperation, table: DbTable, args: ToolArguments): DbOperation {
  // Models say null for what they leave open.
  const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null));
  const { where, values, order_by } = checked(namesSchema, given);
  const known = table.columns.map(({ name }) => name);
  const unknown = [...Object.keys(where), ...Object.keys(values), ...order_by.map(({ column }) => column)].find(
    (name) => !known.includes(name),
  );
  if (unknown !== undefined) throw new AppError("validation_failed", `There is no column ${unknown}; the columns: ${known.join(", ")}.`);
  const rows = operation === "select" ? { limit: DEFAULT_ROWS } : {};
  return checked(dbOperationSchema, { ...rows, ...given, operation, table: table.name });
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AppError("validation_failed", `${formatPath(["args", ...(issue?.path ?? [])])}: ${issue?.message}`);
}
