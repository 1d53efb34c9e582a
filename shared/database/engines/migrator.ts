import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import type { Catalog } from "./catalog.ts";
import type { Objection, ServerRefusal } from "./failures.ts";
import type { Check, Move, SchemaDialect } from "./schema-dialect.ts";

/** One step of a migration, as far as carrying it out and recording it goes. */
export interface MigrationStep {
  readonly kind: string;
  readonly table: string;
  readonly column: string | null;
  /** The part of the manifest that asks for it, such as `db_schema.tables[0].columns[1]`. */
  readonly path: string;
  readonly effect: string;
  readonly moves: readonly Move[];
}

export interface Migration {
  readonly appId: string;
  readonly hash: string;
  readonly steps: readonly MigrationStep[];
}

/** What is to be done about a database as it is: a migration, or null for nothing. */
type Decide = (catalog: Catalog, dialect: SchemaDialect) => Promise<Migration | null>;

/** Changes the schema of one kind of server's databases. */
export interface Migrator {
  /**
   * Puts right what an earlier change left half done, looks at the database, and carries out what `decide` says, all of it or
   * nothing. `address` is the owner's. Throws conflict with a fault for the step that existing rows contradict.
   */
  change(ctx: Context, address: string, decide: Decide): Promise<void>;
}

/** What rows that exist already can have against a step. */
const OBJECTIONS: Readonly<Partial<Record<Objection, string>>> = {
  no_value: "rows exist that have no value here, or none that fits",
  bad_value: "rows exist whose value does not fit here",
  reference: "rows exist that refer to rows that do not",
  unique: "rows exist that have the same value here",
};

/** The refusal of a whole change for what rows have against a step. */
function rowsConflict(path: string, message: string, cause?: unknown): AppError {
  const faults = [{ path, code: "rows_conflict", message }];
  return new AppError("conflict", `The workspace's database cannot take this db_schema: ${path}: ${message}`, { faults, cause });
}

/** A server's refusal of a step in words for the app's author, where rows are what it is about; other errors stay as they are. */
export function stepFailure(step: Pick<MigrationStep, "path">, error: unknown, refusal: ServerRefusal | undefined): unknown {
  const message = refusal && OBJECTIONS[refusal.objection];
  return message === undefined ? error : rowsConflict(step.path, message, error);
}

/** Throws conflict when there are rows that keep a step from being taken. */
export async function refuseRows(
  step: Pick<MigrationStep, "path">,
  checks: readonly Check[],
  find: (sql: string) => Promise<{ readonly count: number }>,
): Promise<void> {
  for (const { sql, message } of checks) {
    if ((await find(sql)).count > 0) throw rowsConflict(step.path, message);
  }
}
