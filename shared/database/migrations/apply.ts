import type { Context } from "#platform/context";
import { validationFailed } from "#platform/errors";
import { askPool } from "../pool/pool-client.ts";
import { ensureDatabase } from "../provisioning/provision.ts";
import type { DbSchema } from "../schema/db-schema.ts";
import { validateDbSchema } from "../schema/schema-faults.ts";

/**
 * Makes the workspace's database if there is none, and brings it to the schema by additive changes alone, all or none of them.
 * Repeating it changes nothing; a schema without tables needs no database and makes none. Throws validation_failed for a
 * schema that is faulty in itself and conflict for one that contradicts what exists, both with faults that begin with
 * `db_schema.`, and database_unavailable.
 */
export async function applySchema(ctx: Context, workspaceId: string, schema: DbSchema): Promise<void> {
  if (schema.tables.length === 0) return;
  const faults = validateDbSchema(schema);
  if (faults.length > 0) throw validationFailed(faults);
  await ensureDatabase(ctx, workspaceId);
  await askPool(ctx, workspaceId, (pool) => pool.applySchema(workspaceId, schema));
}
