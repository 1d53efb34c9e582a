import { and, eq, inArray } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError, errorMessage, notFound, validationFailed } from "#platform/errors";
import { PROVISIONING_STEPS, type ProvisioningStep } from "#platform/objects/database-pool";
import { auditLogs, workspaceDatabases, workspaces } from "#platform/schema";
import { askPool } from "../pool/pool-client.ts";
import { defaultProvider, isConfigured, PROVIDER_ENGINES, type ProviderName } from "../providers/configured.ts";
import { databaseName, type EngineName } from "../providers/provider.ts";
import { beginInstance, type StepRunner } from "../workflow.ts";
import { type DatabaseRow, readDatabaseRow } from "./credentials.ts";

/** A workspace's database as members see it. Contains no credentials. */
export interface DatabaseView {
  readonly provider: ProviderName;
  readonly engine: EngineName;
  readonly name: string;
  readonly status: DatabaseRow["status"];
  /** What is being done while the database is made. */
  readonly step: ProvisioningStep | null;
  readonly region: string;
  readonly error: string | null;
  /** Bytes of its tables as last measured, and those that the plan allows; null: never measured, any number. */
  readonly storage: { readonly bytes: number | null; readonly limit: number | null; readonly measured_at: string | null };
  readonly created_at: string;
}

/** The row that provisioning is resumed from; of two that begin at once, the first makes it. */
async function reserve(ctx: Context, workspaceId: string, provider: ProviderName): Promise<void> {
  const [workspace] = await ctx.db.select({ region: workspaces.region }).from(workspaces).where(eq(workspaces.id, workspaceId));
  if (!workspace) throw notFound("The workspace");
  const { region } = workspace;
  const name = databaseName(workspaceId);
  await ctx.transaction(async (tx) => {
    const values = { workspaceId, provider, name, status: "provisioning", region } as const;
    const made = await tx.insert(workspaceDatabases).values(values).onConflictDoNothing().returning({ name: workspaceDatabases.name });
    const entry = { workspaceId, action: "database.requested", targetType: "database", targetId: name, after: { name, provider, region } };
    if (made.length > 0) await tx.insert(auditLogs).values(auditRow(ctx, entry));
  });
}

/** Milliseconds between looks at a database that is being made, and until whoever asked is told to come back. */
const LOOK_MS = 100;
const PATIENCE_MS = 30_000;

const isOf = (workspaceId: string) => eq(workspaceDatabases.workspaceId, workspaceId);

async function markFailed(ctx: Context, workspaceId: string, error: unknown): Promise<void> {
  await ctx.db
    .update(workspaceDatabases)
    .set({ status: "failed", error: errorMessage(error), updatedAt: new Date(ctx.clock.now()) })
    .where(and(isOf(workspaceId), inArray(workspaceDatabases.status, ["provisioning", "failed"])));
}

/** Looks at a provider that is at work, at most; with pauses of two seconds, half an hour. */
const MAX_LOOKS = 900;

/**
 * Makes a workspace's database, or finishes what was begun. Of what fails, members see why, until a later try succeeds. Throws
 * what the pool's answer says.
 */
export async function makeDatabase(ctx: Context, workspaceId: string, steps: StepRunner): Promise<void> {
  for (const step of PROVISIONING_STEPS) {
    const once = (name: string) =>
      steps.do(name, async () => {
        try {
          return await askPool(ctx, workspaceId, (pool) => pool.provision(workspaceId, step));
        } catch (error) {
          await markFailed(ctx, workspaceId, error);
          throw error;
        }
      });
    for (let look = 1; !(await once(look === 1 ? step : `${step} ${look}`)); look += 1) {
      if (look === MAX_LOOKS) throw new AppError("database_unavailable", "The provider does not finish making the database.");
      await steps.pause(`${step}: pause ${look}`);
    }
  }
}

/** Begins to make the database, unless somebody else has begun from the same state just now. */
async function begin(ctx: Context, row: DatabaseRow): Promise<void> {
  const id = `${row.workspaceId}-${row.updatedAt.getTime()}`;
  // A failure of before is not to be taken for one of this try.
  const { workspaceId } = row;
  await ctx.db
    .update(workspaceDatabases)
    .set({ status: "provisioning", error: null })
    .where(and(isOf(workspaceId), eq(workspaceDatabases.status, "failed")));
  await beginInstance(ctx.env.PROVISION_DATABASE, id, { workspaceId });
}

async function untilMade(ctx: Context, workspaceId: string): Promise<void> {
  for (const until = ctx.clock.now() + PATIENCE_MS; ctx.clock.now() < until; ) {
    const row = await readDatabaseRow(ctx, workspaceId);
    if (row?.status === "ready") return;
    if (row?.status === "failed") throw new AppError("database_unavailable", row.error ?? "The workspace's database could not be made.");
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  // Whoever asks next begins anew: an instance that has died unnoticed must not be waited for for ever.
  await ctx.db
    .update(workspaceDatabases)
    .set({ updatedAt: new Date(ctx.clock.now()) })
    .where(and(isOf(workspaceId), eq(workspaceDatabases.status, "provisioning")));
  throw new AppError("database_unavailable", "The workspace's database is still being made.", { retryAfter: 5 });
}

/**
 * Has the workspace's database made, or finishes what an earlier call began, and waits for it; does nothing when it is ready.
 * Throws validation_failed for a provider that is not set up, conflict when the database is at another, not_found for an unknown workspace, invalid_state for a suspended database, and database_unavailable when it could not
 * be made (yet), after which calling again goes on from there.
 */
export async function ensureDatabase(ctx: Context, workspaceId: string, asked?: ProviderName): Promise<void> {
  const provider = asked ?? defaultProvider(ctx.env);
  if (asked && !isConfigured(ctx.env, asked)) {
    throw validationFailed([
      { path: "provider", code: "not_configured", message: `this deployment is not set up for databases at ${asked}` },
    ]);
  }
  const known = await readDatabaseRow(ctx, workspaceId);
  if (known && asked && known.provider !== asked) {
    throw new AppError("conflict", `The workspace has its database at ${known.provider} already; it cannot move.`);
  }
  if (known?.status === "ready") return;
  if (known?.status === "suspended" || known?.status === "deleted") {
    throw new AppError("invalid_state", `The workspace's database is ${known.status}.`);
  }
  if (!known) await reserve(ctx, workspaceId, provider);
  const row = known ?? (await readDatabaseRow(ctx, workspaceId));
  if (!row) throw notFound("The workspace's database");
  await begin(ctx, row);
  await untilMade(ctx, workspaceId);
}

/** The workspace's database, or `null` when it has none. */
export async function getDatabase(ctx: Context, workspaceId: string): Promise<DatabaseView | null> {
  const row = await readDatabaseRow(ctx, workspaceId);
  if (!row) return null;
  const { provider, name, status, step, region, error, createdAt } = row;
  const storage = { bytes: row.storageBytes, limit: row.storageLimit, measured_at: row.storageMeasuredAt?.toISOString() ?? null };
  return { provider, engine: PROVIDER_ENGINES[provider], name, status, step, region, error, storage, created_at: createdAt.toISOString() };
}
