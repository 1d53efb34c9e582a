import { decodeValue } from "../engines/decode.ts";
import { COLUMN_TYPES, type ColumnType, type DbColumn, type DbIndex, type DbTable, type OnDelete } from "../schema/db-schema.ts";

/** A column as the server has it. */
export interface TableColumn {
  readonly name: string;
  /** A manifest's column type where the column is of one, else the server's own name for its type, which is none of those. */
  readonly type: string;
  readonly nullable: boolean;
  readonly primary: boolean;
  /** Whether the column's value alone is unique. */
  readonly unique: boolean;
  /** A JSON value, `"now"` for the moment of insertion, or the server's expression where it is neither. */
  readonly default?: DbColumn["default"];
  readonly references?: { readonly table: string; readonly column: string; readonly on_delete: OnDelete };
}

/** A table as the server has it. */
export interface Table {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** Of whole columns; without the primary key. */
  readonly indexes: readonly DbIndex[];
  /** What the server believes; a count would read the whole table. */
  readonly approximate_rows: number;
  /** With its indexes. */
  readonly bytes: number;
}

/** Which tables are meant: all that members may see, or one of them. */
export interface TableSelection {
  readonly name?: string;
}

export function isColumnType(type: string): type is ColumnType {
  return COLUMN_TYPES.some((known) => known === type);
}

/** The server's name of a type that no manifest declares, made distinct where a manifest means another by it. */
export function serverTypeName(engine: string, name: string): string {
  return isColumnType(name) ? `${engine} ${name}` : name;
}

/** Whether members may see a table or column: what begins with an underscore and the record of migrations are the platform's own. */
export function isVisible(name: string): boolean {
  return !name.startsWith("_") && name !== "schema_migrations";
}

/** A default's constant as a JSON value. */
export function constantDefault(type: string, text: string): DbColumn["default"] {
  try {
    const value: unknown = isColumnType(type) && type !== "id" ? decodeValue(type, text) : text;
    return typeof value === "object" ? JSON.parse(JSON.stringify(value)) : typeof value === "undefined" ? text : jsonScalar(value);
  } catch {
    // Not a constant of this type: the expression says more than nothing.
    return text;
  }
}

function jsonScalar(value: unknown): string | number | boolean {
  return typeof value === "number" || typeof value === "boolean" ? value : String(value);
}

/**
 * The table in its declared form, so that whatever is done with tables of a manifest can be done with it. Columns of types that
 * no manifest declares are left out.
 */
export function declaredTable(table: Table): DbTable {
  const columns = table.columns.flatMap(({ name, type, nullable, unique, default: preset, references }): DbColumn[] => {
    if (!isColumnType(type)) return [];
    return [{ name, type, nullable, unique, ...(preset !== undefined && { default: preset }), ...(references && { references }) }];
  });
  return { name: table.name, columns, indexes: [...table.indexes] };
}
