import type { Context } from "#platform/context";
import type { ReplacementStep, RestoreRequest } from "#platform/objects/database-pool";
import type { OwnedDatabase } from "../migrations/migrate.ts";
import { readArchive } from "./archive-reader.ts";
import { openArchive } from "./archive-store.ts";
import { exchangeStaged } from "./exchange.ts";
import { dropLeftovers, isRestored, stageArchive } from "./staging.ts";

/**
 * Does one step of putting a stored backup in the place of what the apps have; each may be repeated after any failure. Until
 * `exchange` the apps' tables are as they were, after it as the backup has them.
 */
export async function replaceByBackup(ctx: Context, owned: OwnedDatabase, step: ReplacementStep, request: RestoreRequest): Promise<void> {
  const { restoreId, key } = request;
  switch (step) {
    case "stage": {
      // One that comes late must not begin anew.
      if (await isRestored(owned, restoreId)) return;
      const { body } = await openArchive(ctx.env.FILES, key);
      return stageArchive(owned, readArchive(body, request), restoreId);
    }
    case "exchange":
      return exchangeStaged(ctx, owned, restoreId);
    case "clean":
      return dropLeftovers(owned, restoreId);
  }
}
