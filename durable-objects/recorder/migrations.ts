import type { StorageMigration } from "#platform/storage-migrations";

export const migrations: readonly StorageMigration[] = [
  {
    id: "001_outbox",
    sql: `
      CREATE TABLE outbox (
        id TEXT PRIMARY KEY,
        revision INTEGER NOT NULL,
        confirmed INTEGER NOT NULL DEFAULT 0,
        record TEXT NOT NULL,
        deadline INTEGER,
        due INTEGER NOT NULL,
        refusals INTEGER NOT NULL DEFAULT 0,
        parked TEXT
      );
      CREATE INDEX outbox_due ON outbox (due) WHERE parked IS NULL AND revision > confirmed;
      CREATE INDEX outbox_deadline ON outbox (deadline) WHERE deadline IS NOT NULL;
    `,
  },
  {
    id: "002_rest",
    sql: `
      ALTER TABLE outbox ADD COLUMN rest INTEGER NOT NULL DEFAULT 0;
      CREATE TABLE outbox_rest (
        id TEXT NOT NULL,
        part INTEGER NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (id, part)
      ) WITHOUT ROWID;
    `,
  },
];
