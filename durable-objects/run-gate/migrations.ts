import type { StorageMigration } from "#platform/storage-migrations";

export const migrations: readonly StorageMigration[] = [
  {
    id: "001_line",
    sql: `
      CREATE TABLE runs (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL UNIQUE,
        app_id TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'called', 'running')),
        since INTEGER NOT NULL
      );
      CREATE INDEX runs_state ON runs (state, position);
      CREATE TABLE rules (id INTEGER PRIMARY KEY CHECK (id = 1), run_limit INTEGER NOT NULL);
    `,
  },
];
