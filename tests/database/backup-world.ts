import type { ArchiveEvent } from "../../shared/database/backups/archive-reader.ts";
import type { ArchivedRow, ArchivedTable } from "../../shared/database/backups/archive-schema.ts";
import { archivedTables } from "../../shared/database/backups/archived-tables.ts";
import { exchangeStaged } from "../../shared/database/backups/exchange.ts";
import { readRows } from "../../shared/database/backups/rows.ts";
import { dropLeftovers, isRestored, stageArchive } from "../../shared/database/backups/staging.ts";
import { createTally } from "../../shared/database/backups/tally.ts";
import { type Driver, plain, type Query } from "../../shared/database/engines/driver.ts";
import type { OwnedDatabase } from "../../shared/database/migrations/migrate.ts";
import { WorkspacePool } from "../../shared/database/pool/pool.ts";
import type { EngineName } from "../../shared/database/providers/provider.ts";
import { Provisioner } from "../../shared/database/provisioning/provisioner.ts";
import type { World } from "./world.ts";

/** All that the apps have in a database, and the names of the tables that are not theirs. */
export interface Contents {
  readonly tables: readonly (ArchivedTable & { readonly rows: readonly ArchivedRow[] })[];
  readonly others: readonly string[];
}

const byColumns = (a: { columns: readonly string[] }, b: { columns: readonly string[] }) => (a.columns.join() < b.columns.join() ? -1 : 1);
const byColumn = (a: { column: string }, b: { column: string }) => (a.column < b.column ? -1 : 1);

/** Looks at a workspace's whole database, as its owner. */
export async function contentsOf(world: World, workspaceId: string, engineName: EngineName): Promise<Contents> {
  const engine = world.engines[engineName];
  const address = await world.addressOf(workspaceId, "owner");
  const query: Query = (statement) => engine.driver.run(address, statement);
  const { catalog } = await engine.introspect(query);
  const tables = [];
  for (const table of archivedTables(catalog)) {
    const rows: ArchivedRow[] = [];
    for await (const page of readRows(query, engine, table)) rows.push(...page);
    const { indexes, references } = table;
    tables.push({ ...table, indexes: indexes.toSorted(byColumns), references: references.toSorted(byColumn), rows });
  }
  const names = await engine.replacement.listTables(engine.driver, address);
  return { tables, others: names.filter((name) => name.startsWith("_") && !name.startsWith("_restored_")) };
}

/** SQL by the owner. */
export async function runAsOwner(world: World, workspaceId: string, engineName: EngineName, ...texts: readonly string[]): Promise<void> {
  const address = await world.addressOf(workspaceId, "owner");
  for (const text of texts) await world.engines[engineName].driver.run(address, plain(text));
}

/** The workspace's pool with other drivers under it. */
export function replaceDrivers(world: World, workspaceId: string, wrap: (driver: Driver) => Driver): void {
  const { postgres, mysql } = world.engines;
  const engines = { postgres: { ...postgres, driver: wrap(postgres.driver) }, mysql: { ...mysql, driver: wrap(mysql.driver) } };
  const { ctx, providers } = world;
  world.pools.set(workspaceId, new WorkspacePool({ ctx, size: 8, provisioner: new Provisioner({ ctx, engines, providers }) }));
}

/** The database's contents as a backup of them is read. */
export async function* eventsOf({ tables }: Contents, engine: EngineName): AsyncGenerator<ArchiveEvent> {
  const headers = tables.map(({ rows: _, ...table }) => table);
  const header = { format: "agentflow-backup/1" as const, engine, taken_at: "2026-11-27T00:00:00.000Z", tables: headers };
  yield { kind: "header", header };
  for (const [position, { name, rows }] of tables.entries()) {
    const [table, tally] = [headers[position], createTally(name)];
    for (const row of rows) {
      tally.add([row]);
      if (table) yield { kind: "rows", table, rows: [row] };
    }
    yield { kind: "table_end", tally: tally.end() };
  }
}

/** Puts contents, taken at some engine, in the place of a database's own, unless that has happened. */
export async function restoreContents(
  world: World,
  owned: OwnedDatabase,
  contents: Contents,
  restoreId: string,
  takenAt = owned.engine.name,
): Promise<void> {
  if (!(await isRestored(owned, restoreId))) await stageArchive(owned, eventsOf(contents, takenAt), restoreId);
  await exchangeStaged(world.ctx, owned, restoreId);
  await dropLeftovers(owned, restoreId);
}
