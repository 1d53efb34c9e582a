import { isUnreachable } from "#platform/db";
import { AppError, type ErrorCode, errorCode, errorMessage, type Fault } from "#platform/errors";
import type { PoolFailure } from "#platform/objects/database-pool";

/** What a server can have against a statement, whatever its own code for it. */
export type Objection =
  | "unreachable"
  | "entry_refused"
  | "exists"
  | "no_value"
  | "bad_value"
  | "twice"
  | "unique"
  | "reference"
  | "rule"
  | "concurrent"
  | "locked"
  | "read_only"
  | "forbidden"
  | "syntax"
  | "unknown_column"
  | "unknown_table"
  | "invalid"
  | "too_large"
  | "timeout"
  | "failed";

/** What a server says about a statement that it refused, as far as it may be repeated. */
export interface ServerRefusal {
  readonly objection: Objection;
  /** SQLSTATE or error number. */
  readonly code: string;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  /** The columns of a violated key. */
  readonly key?: string | undefined;
}

/** The errors inside an error, outermost first. The drivers keep what made a request fail under names of their own. */
export function* causes(error: unknown): Generator<unknown> {
  for (let cause = error; cause instanceof Error; cause = "sourceError" in cause && cause.sourceError ? cause.sourceError : cause.cause) {
    yield cause;
  }
}

function failure(code: ErrorCode, message: string, faults: readonly Fault[] = []): PoolFailure {
  return { code, message, faults, details: {} };
}

const UNREACHABLE = failure("database_unavailable", "The workspace's database cannot be reached.");

const field = ({ table, column }: ServerRefusal) => (table && column ? `${table}.${column}` : (column ?? "a column"));
const rowOf = ({ table }: ServerRefusal) => (table ? `A row of ${table}` : "A row");
const by = ({ key }: ServerRefusal) => (key ? ` (${key})` : "");

const MADE_AT_PUBLISHING = "What a draft's db_schema declares is made when the draft is published.";

/** Each objection in words for the app's author. */
const MEANINGS: Readonly<Record<Objection, (refusal: ServerRefusal) => PoolFailure>> = {
  unreachable: () => UNREACHABLE,
  entry_refused: () => UNREACHABLE,
  exists: () => failure("conflict", "What the statement would make exists already."),
  no_value: (refusal) => failure("validation_failed", `${field(refusal)} must have a value.`),
  bad_value: () => failure("validation_failed", "A value does not fit where it is used."),
  twice: () => failure("validation_failed", "The statement would change one row twice, or a subquery gave several rows."),
  unique: (refusal) => failure("conflict", `${rowOf(refusal)} with the same ${refusal.key ?? "key"} exists already.`),
  reference: (refusal) => failure("conflict", `${rowOf(refusal)} refers to a row that does not exist, or is referred to${by(refusal)}.`),
  rule: () => failure("conflict", "The change breaks a rule of the database."),
  concurrent: () => failure("conflict", "Another change of the same rows came in between."),
  locked: () => failure("database_unavailable", "The rows are in use by another statement; it can be tried again."),
  read_only: () => failure("forbidden", "This statement may only read."),
  forbidden: () => failure("forbidden", "The app's database role may not do this: it reads and changes rows, nothing else."),
  syntax: () => failure("validation_failed", "The statement cannot be read as SQL, or is more than one statement."),
  unknown_column: () =>
    failure("validation_failed", `The statement names a column that does not exist in the workspace's database. ${MADE_AT_PUBLISHING}`),
  unknown_table: () =>
    failure("validation_failed", `The statement names a table that does not exist in the workspace's database. ${MADE_AT_PUBLISHING}`),
  invalid: ({ code }) => failure("validation_failed", `The statement is not valid (${code}).`),
  too_large: () => failure("validation_failed", "The statement or a value in it is larger than the database allows."),
  timeout: () => failure("node_timeout", "The statement took longer than the database allows."),
  failed: ({ code }) => failure("database_unavailable", `The database failed (${code}).`),
};

/**
 * What went wrong with a statement, in words for the app's author: nothing of the statement, its values or the server's
 * address. An error that is neither the server's nor meant for callers is our own, and says nothing.
 */
export function describeFailure(error: unknown, refusal: ServerRefusal | undefined): PoolFailure {
  if (refusal) return MEANINGS[refusal.objection](refusal);
  const code = errorCode(error);
  if (code && error instanceof AppError) return { code, message: error.message, faults: error.faults, details: error.details };
  if (code) return failure(code, errorMessage(error));
  return isUnreachable(error) ? UNREACHABLE : failure("internal", "The database operation could not be completed.");
}

/**
 * What the server refused stays as it is; what never reached it, or never came back, is trouble on the way. Errors with a
 * published code inside others come out.
 */
export function asDriverError(error: unknown, refusal: ServerRefusal | undefined): unknown {
  if (refusal) return error;
  const published = [...causes(error)].find((cause) => errorCode(cause) !== undefined);
  if (published) return published;
  const timedOut = [...causes(error)].some((cause) => cause instanceof Error && cause.name === "TimeoutError");
  return timedOut
    ? new AppError("node_timeout", "The database took too long to answer.", { cause: error })
    : new AppError("database_unavailable", "The workspace's database cannot be reached.", { cause: error });
}
