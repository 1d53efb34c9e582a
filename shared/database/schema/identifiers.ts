/** Longest name of a table or column, in characters. Shorter than PostgreSQL's 63 and MySQL's 64 bytes, so that derived names fit too. */
export const MAX_IDENTIFIER_LENGTH = 48;

const IDENTIFIER = /^[a-z][a-z0-9_]*$/;

/** Columns that every PostgreSQL table has by itself. */
const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(["tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"]);

/** Where migrations keep what they did. */
const RESERVED_TABLE = "schema_migrations";

/** Whether a name can be a table or column on every provider: lower-case snake case, not one that the server keeps for itself. */
export function isIdentifier(name: string): boolean {
  return name.length <= MAX_IDENTIFIER_LENGTH && IDENTIFIER.test(name) && !name.startsWith("pg_") && !SYSTEM_COLUMNS.has(name);
}

/** Whether a name can be that of a table. */
export function isTableIdentifier(name: string): boolean {
  return isIdentifier(name) && name !== RESERVED_TABLE;
}
