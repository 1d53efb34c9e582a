import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { inRepository } from "../repository.ts";

const NO_SUCH_DATABASE = "3D000";
/** The second one is what the slower of two at the same moment gets. */
const DATABASE_EXISTS: readonly unknown[] = ["42P04", "23505"];
/** Any number that nobody else uses for an advisory lock in this database. */
const MIGRATION_LOCK = 7_243_991;

/** Brings the platform database up to date, making it first where it is absent. One at a time; repeating does nothing. */
export async function migratePlatform(url: string): Promise<void> {
  const client = await connectOrCreate(url);
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await migrate(drizzle(client), { migrationsFolder: inRepository("migrations/platform") });
  } finally {
    // Ends the lock too.
    await client.end();
  }
}

async function connectOrCreate(url: string): Promise<pg.Client> {
  try {
    return await connect(url);
  } catch (error) {
    if (codeOf(error) !== NO_SUCH_DATABASE) throw error;
  }
  await createDatabase(url);
  return await connect(url);
}

async function createDatabase(url: string): Promise<void> {
  const server = new URL(url);
  const name = decodeURIComponent(server.pathname.slice(1));
  server.pathname = "/postgres";
  const admin = await connect(server.href);
  try {
    await admin.query(`create database ${pg.escapeIdentifier(name)}`);
  } catch (error) {
    if (!DATABASE_EXISTS.includes(codeOf(error))) throw error;
  } finally {
    await admin.end();
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
