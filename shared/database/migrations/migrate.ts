import type { Context } from "#platform/context";
import { AppError, type Fault } from "#platform/errors";
import type { SchemaPlan, SchemaRequest } from "#platform/objects/database-pool";
import type { Engine } from "../engines/engine.ts";
import { type DbSchema, dbSchemaSchema } from "../schema/db-schema.ts";
import { type Claim, mergeClaims } from "./claims.ts";
import { pathsOf } from "./paths.ts";
import { type PlanRequest, planChanges } from "./plan.ts";
import { type Step, viewPlan } from "./steps.ts";

/** A workspace's database as its owner enters it. */
export interface OwnedDatabase {
  readonly engine: Engine;
  readonly address: string;
}

/** What is to be done, and how far: `plan` only says what would be. */
export interface SchemaChange {
  readonly request: SchemaRequest;
  /** What all apps of the workspace claim. */
  readonly claims: readonly Claim[];
  readonly mode: "apply" | "plan";
}

const NOTHING: DbSchema = { tables: [] };

function conflict(faults: readonly Fault[]): AppError {
  const [first] = faults;
  const message = `The workspace's database cannot take this db_schema: ${first?.path}: ${first?.message}`;
  return new AppError("conflict", message, { faults });
}

function notConfirmed(losses: readonly Step[], plan: SchemaPlan): AppError {
  const faults = losses.map(({ path, effect, message }) => ({ path, code: effect, message }));
  const message = `Publishing this would lose data: ${losses.map((step) => step.message).join("; ")}. Repeat it with "confirm": "${plan.hash}" if that is meant.`;
  return new AppError("migration_not_confirmed", message, { faults, details: { plan } });
}

function planRequest({ request: { appId, schema, undeclared }, claims }: SchemaChange): PlanRequest {
  const mine = dbSchemaSchema.parse(schema);
  const others = claims.filter((claim) => claim.appId !== appId);
  const { schema: declared, faults } = mergeClaims(mine, others);
  if (faults.length > 0) throw conflict(faults);
  const previous = claims.find((claim) => claim.appId === appId)?.schema ?? NOTHING;
  return { declared, previous, paths: pathsOf(mine), undeclared };
}

/**
 * Brings a database to what all apps of its workspace declare, all of it or nothing; gives the plan. Throws conflict with
 * faults for declarations that other apps, what is there, or its rows contradict, and migration_not_confirmed with the plan
 * where data would be lost and the request does not confirm it.
 */
export async function changeSchema(ctx: Context, { engine, address }: OwnedDatabase, change: SchemaChange): Promise<SchemaPlan> {
  const request = planRequest(change);
  const { appId, confirm } = change.request;
  let plan: SchemaPlan | undefined;
  await engine.migrator.change(ctx, address, async (catalog, dialect) => {
    const { steps, faults } = planChanges(request, catalog, dialect);
    if (faults.length > 0) throw conflict(faults);
    plan = await viewPlan(steps);
    if (change.mode === "plan") return null;
    const losses = steps.filter(({ effect }) => effect !== "additive");
    if (losses.length > 0 && confirm !== plan.hash) throw notConfirmed(losses, plan);
    return { appId, hash: plan.hash, steps };
  });
  if (!plan) throw new AppError("internal", "A change of schema was not planned.");
  return plan;
}
