import { AppError } from "#platform/errors";
import type { Query, SqlStatement } from "../engines/driver.ts";
import type { Introspection } from "../engines/engine.ts";
import type { Move } from "../engines/schema-dialect.ts";
import { createKeyNames } from "../migrations/key-names.ts";
import type { OwnedDatabase } from "../migrations/migrate.ts";
import type { ArchiveEvent } from "./archive-reader.ts";
import type { ArchivedTable, ArchiveHeader, TableTally } from "./archive-schema.ts";
import { columnsFor } from "./archived-tables.ts";
import { insertStatements, readRows } from "./rows.ts";
import { createTally } from "./tally.ts";

/** What a table is called until it takes its place, or once another has taken it. */
export const STAGED = "_restore_";
export const REPLACED = "_replaced_";
/** A table without rows that says how far a restore has come: all is staged, or has taken its place. */
export const stagedMark = (restoreId: string) => `_staged_${restoreId}`;
export const restoredMark = (restoreId: string) => `_restored_${restoreId}`;

const LEFT_BEHIND = [STAGED, REPLACED, "_staged_", "_restored_"];

/** Drops what restores left behind, but the mark of this one that says that it is over. Nothing of the apps' is among it. */
export async function dropLeftovers({ engine, address }: OwnedDatabase, restoreId: string): Promise<void> {
  const names = await engine.replacement.listTables(engine.driver, address);
  const left = names.filter((name) => name !== restoredMark(restoreId) && LEFT_BEHIND.some((prefix) => name.startsWith(prefix)));
  await engine.replacement.dropTables(engine.driver, address, left);
}

export async function isRestored({ engine, address }: OwnedDatabase, restoreId: string): Promise<boolean> {
  return (await engine.replacement.listTables(engine.driver, address)).includes(restoredMark(restoreId));
}

interface Stage {
  readonly owned: OwnedDatabase;
  readonly introspection: Introspection;
  readonly header: ArchiveHeader;
}

const command = async ({ engine, address }: OwnedDatabase, moves: readonly Move[]) => {
  for (const { run } of moves) await engine.driver.command(address, run);
};

/** A statement by itself, in a transaction of its own. */
const queryOf =
  ({ engine, address }: OwnedDatabase): Query =>
  (statement: SqlStatement) =>
    engine.driver.run(address, statement);

const columnsOf = ({ owned, introspection, header }: Stage, table: ArchivedTable) =>
  columnsFor(introspection.dialect, table, header.engine === owned.engine.name);

async function createTables(stage: Stage): Promise<void> {
  for (const table of stage.header.tables) {
    const moves = stage.introspection.dialect.createTable(`${STAGED}${table.name}`, columnsOf(stage, table), table.primary_key);
    await command(stage.owned, moves);
  }
}

/** Indexes, and then the references that need them. */
async function createKeys(stage: Stage): Promise<void> {
  const { owned, header } = stage;
  const { dialect, catalog } = stage.introspection;
  const names = createKeyNames(catalog, []);
  for (const table of header.tables) {
    const staged = `${STAGED}${table.name}`;
    const columns = columnsOf(stage, table);
    for (const index of table.indexes) {
      const indexed = index.columns.flatMap((name) => columns.find((column) => column.name === name) ?? []);
      const name = names.index(staged, index.columns, index.unique);
      await command(owned, dialect.createIndex(staged, { name, columns: indexed, unique: index.unique }));
    }
  }
  for (const table of header.tables) {
    for (const { column, table: target, target_column: targetColumn, on_delete: onDelete } of table.references) {
      const reference = { name: names.reference(table.name, column), column, table: `${STAGED}${target}`, targetColumn, onDelete };
      await command(owned, dialect.addReference(`${STAGED}${table.name}`, reference));
    }
  }
}

/** What is in a table must be what was put there: a server that rounds or cuts values is found out here. */
async function compare({ owned }: Stage, table: ArchivedTable, expected: TableTally): Promise<void> {
  const tally = createTally(table.name);
  for await (const rows of readRows(queryOf(owned), owned.engine, table, `${STAGED}${table.name}`)) tally.add(rows);
  const found = tally.end();
  if (found.rows === expected.rows && found.sha256 === expected.sha256) return;
  const what = found.rows === expected.rows ? "values that this engine holds otherwise" : `${found.rows} of ${expected.rows} rows`;
  throw new AppError("invalid_state", `The restored table ${table.name} has ${what}; nothing was changed.`);
}

/**
 * Makes all that an archive holds, under other names, beside what is there: tables, rows, keys, each table then compared with
 * what the archive says of it. Begins anew where it was interrupted. Throws what the reading of the archive does, and
 * invalid_state for what this server's engine holds otherwise.
 */
export async function stageArchive(owned: OwnedDatabase, events: AsyncIterable<ArchiveEvent>, restoreId: string): Promise<void> {
  const { engine, address } = owned;
  await dropLeftovers(owned, restoreId);
  const tallies = new Map<string, TableTally>();
  let stage: Stage | undefined;
  for await (const event of events) {
    if (event.kind === "header") {
      stage = { owned, introspection: await engine.introspect(queryOf(owned)), header: event.header };
      await createTables(stage);
    } else if (event.kind === "table_end") tallies.set(event.tally.table, event.tally);
    else {
      const { table, rows } = event;
      for (const insert of insertStatements(engine, table, `${STAGED}${table.name}`, rows)) await engine.driver.run(address, insert);
    }
  }
  if (!stage) throw new AppError("internal", "An archive came without its beginning.");
  await createKeys(stage);
  for (const table of stage.header.tables) {
    const tally = tallies.get(table.name);
    if (tally) await compare(stage, table, tally);
  }
  await engine.driver.command(address, `CREATE TABLE ${engine.operations.dialect.quote(stagedMark(restoreId))} (id integer PRIMARY KEY)`);
}
