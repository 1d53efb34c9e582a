import type { Context } from "#platform/context";
import { uuidv7 } from "#platform/ids";
import { type Driver, plain, type Query, type SqlStatement } from "../driver.ts";
import { type Migration, type MigrationStep, type Migrator, refuseRows, stepFailure } from "../migrator.ts";
import { readCatalog } from "./catalog.ts";
import { postgresRefusal } from "./failures.ts";
import { postgresSchemaDialect } from "./schema-dialect.ts";

/** Held to the end of the transaction, so that two publishes at once do not see each other's half-made tables. */
const TURN = "SELECT pg_advisory_xact_lock(hashtextextended('agentflow db_schema', 0))";

/** In a schema of its own, where the runtime role may do nothing, and which the catalog does not look into. */
const RECORD_TABLE = [
  "CREATE SCHEMA IF NOT EXISTS agentflow",
  `CREATE TABLE IF NOT EXISTS agentflow.schema_migrations (
    plan_id uuid NOT NULL, position integer NOT NULL, plan_hash text NOT NULL, app_id text NOT NULL, kind text NOT NULL,
    table_name text NOT NULL, column_name text, effect text NOT NULL, statement text NOT NULL,
    started_at timestamptz NOT NULL, finished_at timestamptz NOT NULL, PRIMARY KEY (plan_id, position))`,
];
const RECORD_COLUMNS =
  "plan_id, position, plan_hash, app_id, kind, table_name, column_name, effect, statement, started_at, finished_at".split(", ");

/** What a step did, as `schema_migrations` keeps it. */
interface Entry {
  readonly step: MigrationStep;
  readonly statement: string;
  readonly startedAt: number;
  readonly finishedAt: number;
}

async function takeStep(query: Query, step: MigrationStep, now: () => number): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const { run, checks } of step.moves) {
    const startedAt = now();
    try {
      await refuseRows(step, checks, (sql) => query(plain(sql)));
      await query(plain(run));
    } catch (error) {
      throw stepFailure(step, error, postgresRefusal(error));
    }
    entries.push({ step, statement: run, startedAt, finishedAt: now() });
  }
  return entries;
}

function recordStatement(planId: string, { hash, appId }: Migration, entries: readonly Entry[]): SqlStatement {
  const rows = entries.map(({ step, statement, startedAt, finishedAt }, position) => [
    ...[planId, position, hash, appId, step.kind, step.table, step.column, step.effect, statement],
    ...[startedAt, finishedAt].map((time) => new Date(time).toISOString()),
  ]);
  const tuples = rows.map((row, at) => `(${row.map((_, index) => `$${at * row.length + index + 1}`).join(", ")})`);
  const text = `INSERT INTO agentflow.schema_migrations (${RECORD_COLUMNS.join(", ")}) VALUES ${tuples.join(", ")}`;
  return { text, params: rows.flat() };
}

async function carryOut(ctx: Context, query: Query, migration: Migration): Promise<void> {
  const entries: Entry[] = [];
  for (const step of migration.steps) entries.push(...(await takeStep(query, step, () => ctx.clock.now())));
  for (const text of RECORD_TABLE) await query(plain(text));
  await query(recordStatement(uuidv7(ctx.clock.now(), ctx.random), migration, entries));
}

/** PostgreSQL changes schemas inside transactions: one holds the looking, the deciding, the steps and their record. */
export function createPostgresMigrator(driver: Driver): Migrator {
  return {
    change: (ctx, address, decide) =>
      driver.transaction(address, async (query) => {
        await query(plain(TURN));
        const migration = await decide(await readCatalog(query), postgresSchemaDialect);
        if (migration && migration.steps.length > 0) await carryOut(ctx, query, migration);
      }),
  };
}
