/** One step of a Durable Object's own schema. Steps are append-only: a shipped step is never edited or reordered. */
export interface StorageMigration {
  /** Such as `001_outbox`. */
  readonly id: string;
  readonly sql: string;
}

/**
 * Brings an object's SQLite storage to the newest schema, each step once. An object that has seen newer code than this
 * (a gradual deployment runs two versions side by side) keeps its extra steps; only a changed history is refused.
 */
export function migrateStorage(storage: DurableObjectStorage, migrations: readonly StorageMigration[]): void {
  storage.transactionSync(() => {
    storage.sql.exec("CREATE TABLE IF NOT EXISTS _migrations (position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)");
    const applied = storage.sql
      .exec<{ id: string }>("SELECT id FROM _migrations ORDER BY position")
      .toArray()
      .map((row) => row.id);
    for (const [position, migration] of migrations.entries()) {
      const seen = applied[position];
      if (seen === migration.id) continue;
      if (seen !== undefined) throw new Error(`storage history changed: ${seen} was applied where ${migration.id} is defined`);
      storage.sql.exec(migration.sql);
      storage.sql.exec("INSERT INTO _migrations (position, id) VALUES (?, ?)", position, migration.id);
    }
  });
}
