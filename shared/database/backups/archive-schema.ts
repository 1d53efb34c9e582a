import { z } from "zod";
import { COLUMN_TYPES, ON_DELETE } from "../schema/db-schema.ts";

const columnSchema = z.strictObject({
  name: z.string(),
  type: z.enum(COLUMN_TYPES),
  nullable: z.boolean(),
  /** In the catalog's form: `now`, `=` and the value's text, `?` and an expression of the engine's, or null. */
  default: z.string().nullable(),
});

const tableSchema = z.strictObject({
  name: z.string(),
  primary_key: z.string(),
  columns: z.array(columnSchema).min(1),
  indexes: z.array(z.strictObject({ columns: z.array(z.string()).min(1), unique: z.boolean() })),
  references: z.array(z.strictObject({ column: z.string(), table: z.string(), target_column: z.string(), on_delete: z.enum(ON_DELETE) })),
});

/** One table of a backup, in a form that either engine can make. */
export type ArchivedTable = z.infer<typeof tableSchema>;
export type ArchivedColumn = z.infer<typeof columnSchema>;

const ENGINE_NAMES = ["postgres", "mysql"] as const;

/** The first line of an archive. */
export const headerSchema = z.strictObject({
  format: z.literal("agentflow-backup/1"),
  engine: z.enum(ENGINE_NAMES),
  taken_at: z.iso.datetime(),
  tables: z.array(tableSchema),
});
export type ArchiveHeader = z.infer<typeof headerSchema>;

/** A row: what `cellText` makes of its values, in the order of the table's columns. */
export type ArchivedRow = readonly (string | null)[];

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();

/** What a table holds: how many rows, and the SHA-256 of them in the order of their ids. */
const tallySchema = z.strictObject({ table: z.string(), rows: count, sha256 });
export type TableTally = z.infer<typeof tallySchema>;

/** Every other line. */
export const lineSchema = z.union([
  z.strictObject({ rows_of: z.string(), rows: z.array(z.array(z.string().nullable())) }),
  z.strictObject({ end_of: z.string(), rows: count, sha256 }),
  z.strictObject({ end: z.literal(true), tables: count, rows: count, sha256 }),
]);
