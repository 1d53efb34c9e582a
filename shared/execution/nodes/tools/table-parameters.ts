import { type DbColumn, type DbTable, WHERE_OPERATORS } from "#database";
import type { TableOperation } from "./tool-config.ts";

type Schema = Record<string, unknown>;

const TYPES: Readonly<Record<DbColumn["type"], Schema>> = {
  id: { type: "string", format: "uuid" },
  text: { type: "string" },
  integer: { type: "integer" },
  number: { type: "number" },
  boolean: { type: "boolean" },
  json: {},
  timestamp: { type: "string", format: "date-time" },
};

/** JSON Schema of the arguments of an operation on a table, as its declaration has them. */
export function tableParameters(operation: TableOperation, table: DbTable): Schema {
  switch (operation) {
    case "select":
      return object({ where: where(table), order_by: orderBy(table), limit: whole("Rows at most."), offset: whole("Rows to pass over.") });
    case "count":
      return object({ where: where(table) });
    case "insert":
      return object({ values: row(table, table.columns.filter(isNeeded)) }, ["values"]);
    case "update":
      return object({ values: row(table, []), where: { ...where(table), minProperties: 1 } }, ["values", "where"]);
    case "delete":
      return object({ where: { ...where(table), minProperties: 1 } }, ["where"]);
  }
}

/** Whether a new row must say what it holds in a column. */
export function isNeeded({ type, nullable, default: preset, references }: DbColumn): boolean {
  return !nullable && preset === undefined && !(type === "id" && references === undefined);
}

function object(properties: Schema, required: readonly string[] = []): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}

function whole(description: string): Schema {
  return { type: "integer", minimum: 0, description };
}

function row({ columns }: DbTable, required: readonly DbColumn[]): Schema {
  return object(
    Object.fromEntries(columns.map((column) => [column.name, TYPES[column.type]])),
    required.map(({ name }) => name),
  );
}

function where({ columns }: DbTable): Schema {
  const properties = columns.map(({ name, type }) => {
    const comparisons = WHERE_OPERATORS.map((operator) => [operator, operator === "in" ? { type: "array", items: TYPES[type] } : {}]);
    return [name, { anyOf: [TYPES[type], object(Object.fromEntries(comparisons))] }];
  });
  return { ...object(Object.fromEntries(properties)), description: "Conditions by column, all of them together: a value, or comparisons." };
}

function orderBy({ columns }: DbTable): Schema {
  const column = { enum: columns.map(({ name }) => name) };
  return { type: "array", items: object({ column, direction: { enum: ["asc", "desc"] } }, ["column"]) };
}
