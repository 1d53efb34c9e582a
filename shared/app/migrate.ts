import { applySchema, planSchema } from "#database";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import type { SchemaPlan } from "#platform/objects/database-pool";
import { readApp } from "./app-rows.ts";
import { readFrozen } from "./versions.ts";

export interface MigrationRequest {
  /** The hash of a plan whose losses are accepted. */
  readonly confirm?: string | undefined;
  /** Only says what would be done. */
  readonly dryRun: boolean;
}

/**
 * Brings the workspace's database to what the app's live version declares, as publishing it does, and gives the plan.
 * @throws `not_found`; `invalid_state` for an app that is not published; what `applySchema` throws
 */
export async function migrateDatabase(ctx: Context, workspaceId: string, appId: string, request: MigrationRequest): Promise<SchemaPlan> {
  const app = await readApp(ctx, workspaceId, appId);
  if (app.status !== "published" || app.currentVersionId === null) {
    throw new AppError("invalid_state", "The app is not published: there is no version whose tables could be made.");
  }
  const { manifest } = await readFrozen(ctx, workspaceId, appId, app.currentVersionId);
  const wanted = { appId, schema: manifest.db_schema, confirm: request.confirm, undeclared: "drop" } as const;
  return request.dryRun ? planSchema(ctx, workspaceId, wanted) : applySchema(ctx, workspaceId, wanted);
}
