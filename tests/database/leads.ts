import type { EngineName } from "../../shared/database/providers/provider.ts";
import { ensureDatabase } from "../../shared/database/provisioning/provision.ts";
import type { World } from "./world.ts";

/** Two tables with every column type, and one that no manifest declares, as either server has them. */
const TABLES: Readonly<Record<EngineName, readonly string[]>> = {
  postgres: [
    `CREATE TABLE "teams" ("id" uuid PRIMARY KEY, "name" text NOT NULL UNIQUE)`,
    `CREATE TABLE "leads" ("id" uuid PRIMARY KEY, "email" text NOT NULL UNIQUE, "kind" text NOT NULL DEFAULT 'it''s new', "score" bigint DEFAULT 5,
      "ratio" double precision, "done" boolean NOT NULL DEFAULT false, "tags" jsonb, "seen_at" timestamp(3) with time zone,
      "created_at" timestamp(3) with time zone NOT NULL DEFAULT now(), "team" uuid REFERENCES "teams" ("id") ON DELETE CASCADE,
      CONSTRAINT "kind_score_key" UNIQUE ("kind", "score"))`,
    `CREATE INDEX "leads_seen_at" ON "leads" ("seen_at")`,
    `CREATE TABLE "ledger" ("number" int PRIMARY KEY, "amount" numeric(12,2))`,
    `CREATE TABLE "stock" ("id" uuid PRIMARY KEY, "price" numeric(12,2), "_dropped" text)`,
    `CREATE TABLE "schema_migrations" ("id" int PRIMARY KEY)`,
    `CREATE TABLE "_dropped" ("id" uuid PRIMARY KEY)`,
  ],
  mysql: [
    "CREATE TABLE teams (id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, name VARCHAR(190) NOT NULL UNIQUE)",
    `CREATE TABLE leads (id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, email VARCHAR(190) NOT NULL UNIQUE,
      kind VARCHAR(190) NOT NULL DEFAULT 'it''s new', score BIGINT DEFAULT 5, ratio DOUBLE, done TINYINT(1) NOT NULL DEFAULT 0, tags JSON,
      seen_at DATETIME(3), created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      team CHAR(36) CHARACTER SET ascii COLLATE ascii_bin REFERENCES teams (id) ON DELETE CASCADE,
      UNIQUE KEY kind_score_key (kind, score), KEY leads_seen_at (seen_at))`,
    "CREATE TABLE ledger (number INT PRIMARY KEY, amount DECIMAL(12,2))",
    "CREATE TABLE stock (id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY, price DECIMAL(12,2), _dropped TEXT)",
    "CREATE TABLE schema_migrations (id INT PRIMARY KEY)",
    "CREATE TABLE _dropped (id CHAR(36) PRIMARY KEY)",
  ],
};

/** Makes a workspace whose database holds these tables, empty. */
export async function makeLeads(world: World, workspaceId: string, engine: EngineName): Promise<void> {
  await world.addWorkspace(workspaceId);
  await ensureDatabase(world.ctx, workspaceId, engine);
  const owner = await world.addressOf(workspaceId, "owner");
  for (const text of TABLES[engine]) await world.engines[engine].driver.command(owner, text);
}
