import type { Context } from "#platform/context";
import type { BackupSummary } from "#platform/objects/database-pool";
import type { OwnedDatabase } from "../migrations/migrate.ts";
import type { ArchiveHeader } from "./archive-schema.ts";
import { storeArchive } from "./archive-store.ts";
import { writeArchive } from "./archive-writer.ts";
import { archivedTables } from "./archived-tables.ts";
import { readRows } from "./rows.ts";

/**
 * Stores all that the apps have in a database, as it is at one moment, under a key of the bucket. Doing it again replaces what
 * was there. Throws invalid_state for what no backup can hold.
 */
export async function takeBackup(ctx: Context, { engine, address }: OwnedDatabase, key: string): Promise<BackupSummary> {
  // What an earlier change left half done is no state of the database's.
  await engine.migrator.change(ctx, address, async () => null);
  return engine.driver.transaction(
    address,
    async (query) => {
      const { catalog } = await engine.introspect(query);
      const takenAt = new Date(ctx.clock.now()).toISOString();
      const header: ArchiveHeader = {
        format: "agentflow-backup/1",
        engine: engine.name,
        taken_at: takenAt,
        tables: archivedTables(catalog),
      };
      const draft = writeArchive(header, (table) => readRows(query, engine, table));
      const { bytes, sha256 } = await storeArchive(ctx.env.FILES, key, draft.lines);
      return { engine: engine.name, taken_at: takenAt, bytes, sha256, ...draft.totals() };
    },
    { snapshot: true },
  );
}
