import type { StorageMigration } from "#platform/storage-migrations";

export const migrations: readonly StorageMigration[] = [
  {
    id: "001_conversation",
    sql: `
      CREATE TABLE line (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'holding', 'late')),
        since INTEGER NOT NULL
      );
      CREATE TABLE turns (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL UNIQUE,
        said TEXT NOT NULL,
        answer TEXT NOT NULL,
        at INTEGER NOT NULL,
        bytes INTEGER NOT NULL
      );
      CREATE TABLE memory (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        summary TEXT,
        condensing_since INTEGER,
        used_at INTEGER NOT NULL
      );
      INSERT INTO memory (id, used_at) VALUES (1, 0);
    `,
  },
];
