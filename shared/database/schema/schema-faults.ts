import type { Fault } from "#platform/errors";
import { type DbColumn, type DbIndex, type DbSchema, type DbTable, findColumn, findTable, idColumn, referenceOf } from "./db-schema.ts";
import { isIdentifier, isTableIdentifier, MAX_IDENTIFIER_LENGTH } from "./identifiers.ts";
import { encodeValue, expectationOf } from "./values.ts";

/** Names that appear before, so that each later one is a duplicate. */
function isRepeated(names: readonly string[], index: number): boolean {
  return names.indexOf(names[index] ?? "") < index;
}

function identifierFault(path: string, name: string, isValid = isIdentifier): Fault[] {
  if (isValid(name)) return [];
  const rule = `must begin with a lower-case letter and hold only lower-case letters, digits and _, at most ${MAX_IDENTIFIER_LENGTH}; pg_…, schema_migrations and the server's own column names are taken`;
  return [{ path, code: "invalid_identifier", message: `"${name}" ${rule}` }];
}

function defaultFaults(path: string, column: DbColumn): Fault[] {
  if (column.default === undefined) return [];
  const fault = (message: string): Fault[] => [{ path: `${path}.default`, code: "invalid_default", message }];
  if (column.type === "id") return fault("an id column has no default");
  if (column.default === null) return column.nullable ? [] : fault("null is a default for nullable columns only");
  if (column.type === "timestamp" && column.default === "now") return [];
  if (encodeValue(column.type, column.default) !== undefined) return [];
  return fault(`${expectationOf(column.type)}${column.type === "timestamp" ? ', or "now"' : ""}`);
}

function idColumnFaults(path: string, column: DbColumn): Fault[] {
  if (column.type !== "id" || column.references !== undefined || !column.nullable) return [];
  return [{ path: `${path}.nullable`, code: "invalid_id_column", message: "the primary key always has a value" }];
}

interface Renamable {
  readonly name: string;
  readonly renamed_from?: string | undefined;
}

/** A name before can be nobody's now, and only one can have come from it. */
function renameFaults(path: string, { name, renamed_from: before }: Renamable, all: readonly Renamable[]): Fault[] {
  if (before === undefined) return [];
  const fault = (message: string): Fault[] => [{ path: `${path}.renamed_from`, code: "invalid_rename", message }];
  if (all.some((other) => other.name === before))
    return fault(`"${before}" is declared itself, so that "${name}" cannot have come from it`);
  if (all.filter((other) => other.renamed_from === before).length > 1) return fault(`more than one would have come from "${before}"`);
  return identifierFault(`${path}.renamed_from`, before);
}

/** Not every server can compare JSON, which unique keys and indexes need. */
function jsonKeyFaults(path: string, column: DbColumn): Fault[] {
  if (column.type !== "json" || !column.unique) return [];
  return [{ path: `${path}.unique`, code: "invalid_unique", message: "a json column cannot be unique" }];
}

function referenceFaults(path: string, schema: DbSchema, column: DbColumn): Fault[] {
  const reference = referenceOf(schema, column);
  if (!reference) return [];
  const fault = (code: string, message: string): Fault[] => [{ path: `${path}.references`, code, message }];
  const table = findTable(schema, reference.table);
  if (!table) return fault("unknown_reference", `there is no table "${reference.table}" in db_schema`);
  const target = reference.column === undefined ? undefined : findColumn(table, reference.column);
  if (!target) return fault("unknown_reference", `there is no column "${reference.column ?? "of type id"}" in table "${reference.table}"`);
  if (target.type !== column.type) {
    return fault("invalid_reference", `${reference.table}.${target.name} is of type ${target.type}, so this column must be too`);
  }
  if (target !== idColumn(table) && !target.unique) {
    return fault("invalid_reference", `${reference.table}.${target.name} must be the id column or unique`);
  }
  if (reference.onDelete === "set_null" && !column.nullable) {
    return fault("invalid_reference", "on_delete set_null needs a nullable column");
  }
  return [];
}

function indexFaults(path: string, table: DbTable, index: DbIndex): Fault[] {
  return index.columns.flatMap((name, position) => {
    const at = `${path}.columns[${position}]`;
    if (!findColumn(table, name)) {
      return [{ path: at, code: "unknown_index_column", message: `there is no column "${name}" in table "${table.name}"` }];
    }
    if (findColumn(table, name)?.type === "json") {
      return [{ path: at, code: "invalid_index", message: `"${name}" is of type json, which no index can hold` }];
    }
    if (!isRepeated(index.columns, position)) return [];
    return [{ path: at, code: "duplicate_index_column", message: `"${name}" appears twice in this index` }];
  });
}

/** The primary key: exactly one. */
function primaryKeyFaults(path: string, table: DbTable): Fault[] {
  const count = table.columns.filter((column) => column.type === "id" && column.references === undefined).length;
  if (count === 1) return [];
  const message = `a table has exactly one column of type id without references: its primary key; "${table.name}" has ${count}`;
  return [{ path: `${path}.columns`, code: count === 0 ? "missing_id_column" : "several_id_columns", message }];
}

function tableFaults(path: string, schema: DbSchema, table: DbTable): Fault[] {
  const names = table.columns.map((column) => column.name);
  const columns = table.columns.flatMap((column, index) => {
    const at = `${path}.columns[${index}]`;
    const repeated = isRepeated(names, index)
      ? [{ path: `${at}.name`, code: "duplicate_column", message: `"${column.name}" is declared twice in table "${table.name}"` }]
      : [];
    return [
      ...identifierFault(`${at}.name`, column.name),
      ...repeated,
      ...renameFaults(at, column, table.columns),
      ...idColumnFaults(at, column),
      ...jsonKeyFaults(at, column),
      ...defaultFaults(at, column),
      ...referenceFaults(at, schema, column),
    ];
  });
  const indexes = (table.indexes ?? []).flatMap((index, position) => indexFaults(`${path}.indexes[${position}]`, table, index));
  return [...primaryKeyFaults(path, table), ...columns, ...indexes];
}

/** Everything about a db_schema that its shape alone does not say, every fault at once; paths begin with `db_schema.`. */
export function validateDbSchema(schema: DbSchema): Fault[] {
  const names = schema.tables.map((table) => table.name);
  return schema.tables.flatMap((table, index) => {
    const path = `db_schema.tables[${index}]`;
    const repeated = isRepeated(names, index)
      ? [{ path: `${path}.name`, code: "duplicate_table", message: `table "${table.name}" is declared twice` }]
      : [];
    return [
      ...identifierFault(`${path}.name`, table.name, isTableIdentifier),
      ...repeated,
      ...renameFaults(path, table, schema.tables),
      ...tableFaults(path, schema, table),
    ];
  });
}
