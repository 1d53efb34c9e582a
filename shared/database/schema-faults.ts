import type { Fault } from "#platform/errors";
import type { DbSchema } from "./schema.ts";

/** Semantic faults of a db_schema; paths begin with `db_schema.`. */
export function validateDbSchema(_schema: DbSchema): Fault[] {
  return [];
}
