import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { validationFailed } from "#platform/errors";
import type { SchemaPlan, SchemaRequest } from "#platform/objects/database-pool";
import { auditLogs } from "#platform/schema";
import { askPool } from "../pool/pool-client.ts";
import { ensureDatabase } from "../provisioning/provision.ts";
import type { DbSchema } from "../schema/db-schema.ts";
import { validateDbSchema } from "../schema/schema-faults.ts";
import { readClaims } from "./claim-records.ts";
import { viewPlan } from "./steps.ts";

/** What an app's manifest declares, to be made of the workspace's database. */
export interface ApplyRequest extends SchemaRequest {
  readonly schema: DbSchema;
}

function requireFaultless({ schema }: ApplyRequest): void {
  const faults = validateDbSchema(schema);
  if (faults.length > 0) throw validationFailed(faults);
}

/** Whether an app has no tables and never had any: then it needs no database, and is not kept from anything by one that is down. */
async function needsNone(ctx: Context, workspaceId: string, { appId, schema }: ApplyRequest): Promise<boolean> {
  if (schema.tables.length > 0) return false;
  const claims = await readClaims(ctx, workspaceId);
  return !claims.some((claim) => claim.appId === appId && claim.schema.tables.length > 0);
}

/**
 * Makes the workspace's database if there is none, and brings it to what the app declares, beside what other apps do, all of
 * it or nothing; gives the plan that was carried out. Repeating it changes nothing. Throws validation_failed for a schema
 * that is faulty in itself; conflict for one that contradicts another app's, what exists, or its rows; migration_not_confirmed
 * with the plan where data would be lost and `confirm` is not the plan's hash; all with faults that begin with `db_schema`;
 * and database_unavailable.
 */
export async function applySchema(ctx: Context, workspaceId: string, request: ApplyRequest): Promise<SchemaPlan> {
  requireFaultless(request);
  if (await needsNone(ctx, workspaceId, request)) return viewPlan([]);
  await ensureDatabase(ctx, workspaceId);
  const plan = await askPool(ctx, workspaceId, (pool) => pool.applySchema(workspaceId, request));
  if (plan.steps.length > 0) await recordPlan(ctx, workspaceId, request.appId, plan);
  return plan;
}

async function recordPlan(ctx: Context, workspaceId: string, appId: string, { hash, steps }: SchemaPlan): Promise<void> {
  const after = { app_id: appId, hash, steps: steps.map(({ message }) => message) };
  const entry = { workspaceId, action: "database.schema_changed", targetType: "database", targetId: workspaceId, after };
  await ctx.db.insert(auditLogs).values(auditRow(ctx, entry));
}

/** What `applySchema` would do, also where it would want a confirmation first. Throws as it does, and invalid_state without a database. */
export async function planSchema(ctx: Context, workspaceId: string, request: ApplyRequest): Promise<SchemaPlan> {
  requireFaultless(request);
  if (await needsNone(ctx, workspaceId, request)) return viewPlan([]);
  return askPool(ctx, workspaceId, (pool) => pool.planSchema(workspaceId, request));
}
