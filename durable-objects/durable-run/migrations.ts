import type { StorageMigration } from "#platform/storage-migrations";

export const migrations: readonly StorageMigration[] = [
  {
    id: "001_run",
    sql: `
      CREATE TABLE run (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        run_id TEXT NOT NULL,
        key_hash TEXT,
        body_hash TEXT,
        status TEXT NOT NULL,
        cancelled INTEGER NOT NULL DEFAULT 0,
        wake_at INTEGER,
        lives INTEGER NOT NULL DEFAULT 0,
        progress INTEGER NOT NULL DEFAULT 0,
        started_at INTEGER NOT NULL,
        ended_at INTEGER,
        told TEXT,
        revision INTEGER NOT NULL DEFAULT 0,
        recorded INTEGER NOT NULL DEFAULT 0,
        settled INTEGER NOT NULL DEFAULT 0
      );
      CREATE TABLE texts (
        key TEXT NOT NULL,
        part INTEGER NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (key, part)
      ) WITHOUT ROWID;
      CREATE TABLE activations (
        path TEXT PRIMARY KEY,
        seq INTEGER NOT NULL UNIQUE,
        started_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL,
        ended INTEGER NOT NULL DEFAULT 0
      ) WITHOUT ROWID;
      CREATE TABLE questions (path TEXT PRIMARY KEY, question TEXT NOT NULL, answer TEXT) WITHOUT ROWID;
      CREATE TABLE events (id INTEGER PRIMARY KEY, type TEXT NOT NULL, data TEXT NOT NULL, log TEXT);
    `,
  },
];
