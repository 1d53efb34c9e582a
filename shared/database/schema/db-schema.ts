import { z } from "zod";

/**
 * The column types of a manifest. `id` is a UUIDv7: the table's primary key, made by AgentFlow; together with `references`
 * it is a foreign key that holds another table's id.
 */
export const COLUMN_TYPES = ["id", "text", "integer", "number", "boolean", "json", "timestamp"] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** What happens to a row when the row that it refers to is deleted: the deletion is refused, the row goes too, or it forgets. */
export const ON_DELETE = ["restrict", "cascade", "set_null"] as const;
export type OnDelete = (typeof ON_DELETE)[number];

const referenceSchema = z.union([
  z.string().describe("a table: its id column is meant"),
  z.strictObject({ table: z.string(), column: z.string().optional(), on_delete: z.enum(ON_DELETE).optional() }),
]);

const columnSchema = z.strictObject({
  name: z.string(),
  type: z.enum(COLUMN_TYPES),
  nullable: z.boolean().optional(),
  unique: z.boolean().optional(),
  default: z.json().optional().describe('a value of the column\'s type, or "now" for a timestamp'),
  references: referenceSchema.optional(),
  renamed_from: z.string().optional().describe("the column's name before; its values stay"),
});

const indexSchema = z.strictObject({ columns: z.array(z.string()).min(1).max(8), unique: z.boolean().optional() });

const tableSchema = z.strictObject({
  name: z.string(),
  columns: z.array(columnSchema).min(1).max(100),
  indexes: z.array(indexSchema).max(20).optional(),
  renamed_from: z.string().optional().describe("the table's name before; its rows stay"),
});

/** The part `db_schema` of a manifest. Its meaning is checked by `validateDbSchema`. */
export const dbSchemaSchema = z.strictObject({ tables: z.array(tableSchema).max(100) });

export type DbSchema = z.infer<typeof dbSchemaSchema>;
export type DbTable = z.infer<typeof tableSchema>;
export type DbColumn = z.infer<typeof columnSchema>;
export type DbIndex = z.infer<typeof indexSchema>;

/** A reference with everything that was left out filled in. `column` is undefined where the table declares no id column. */
export interface Reference {
  readonly table: string;
  readonly column: string | undefined;
  readonly onDelete: OnDelete;
}

export function findTable(schema: DbSchema, name: string): DbTable | undefined {
  return schema.tables.find((table) => table.name === name);
}

export function findColumn(table: DbTable, name: string): DbColumn | undefined {
  return table.columns.find((column) => column.name === name);
}

/** The primary key: the column of type id that is not a reference. */
export function idColumn(table: DbTable): DbColumn | undefined {
  return table.columns.find((column) => column.type === "id" && column.references === undefined);
}

export function referenceOf(schema: DbSchema, column: DbColumn): Reference | undefined {
  if (column.references === undefined) return undefined;
  const { table, column: target, on_delete } = typeof column.references === "string" ? { table: column.references } : column.references;
  const declared = findTable(schema, table);
  return { table, column: target ?? (declared && idColumn(declared)?.name), onDelete: on_delete ?? "restrict" };
}
