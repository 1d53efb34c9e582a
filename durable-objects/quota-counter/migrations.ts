import type { StorageMigration } from "#platform/storage-migrations";

/** One row holds all: a take is one write. */
export const migrations: readonly StorageMigration[] = [
  { id: "001_state", sql: "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), value TEXT NOT NULL)" },
];
