import { AppError, type Fault } from "#platform/errors";
import { type Driver, plain, type Query } from "../engines/driver.ts";
import type { Objection } from "../engines/failures.ts";
import { readCatalog } from "../engines/postgres/catalog.ts";
import { postgresRefusal } from "../engines/postgres/failures.ts";
import type { DbSchema } from "../schema/db-schema.ts";
import { type Change, planChanges } from "./plan.ts";

/** Held to the end of the transaction, so that two publishes at once do not see each other's half-made tables. */
const TURN = "SELECT pg_advisory_xact_lock(hashtextextended('agentflow db_schema', 0))";

/** What rows that exist already can have against a change. */
const OBJECTIONS: Readonly<Partial<Record<Objection, string>>> = {
  no_value: "rows exist that have no value here",
  reference: "rows exist that refer to rows that do not",
  unique: "rows exist that have the same value here",
};

function conflict(faults: readonly Fault[], cause?: unknown): AppError {
  const [first] = faults;
  const message = `The workspace's database cannot take this db_schema: ${first?.path}: ${first?.message}`;
  return new AppError("conflict", message, { faults, cause });
}

async function apply(query: Query, { sql, path }: Change): Promise<void> {
  try {
    await query(plain(sql));
  } catch (error) {
    const message = OBJECTIONS[postgresRefusal(error)?.objection ?? "failed"];
    if (message === undefined) throw error;
    throw conflict([{ path, code: "rows_conflict", message }], error);
  }
}

/**
 * Brings a database to a schema by additive changes, all or none of them. `address` is the owner's. Throws conflict with
 * faults that name the declarations which no additive change can meet, or which existing rows contradict.
 */
export async function migrate(driver: Driver, address: string, schema: DbSchema): Promise<void> {
  await driver.transaction(address, async (query) => {
    await query(plain(TURN));
    const catalog = await readCatalog(query, new Set(schema.tables.map((table) => table.name)));
    const { changes, faults } = planChanges(schema, catalog);
    if (faults.length > 0) throw conflict(faults);
    for (const change of changes) await apply(query, change);
  });
}
