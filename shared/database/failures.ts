import { z } from "zod";
import { isUnreachable } from "#platform/db";
import { AppError, type ErrorCode, errorCode, errorMessage, type Fault } from "#platform/errors";
import type { PoolFailure } from "#platform/objects/database-pool";

/** What PostgreSQL says about a statement it refused, as far as it may be repeated. */
export interface ServerRefusal {
  /** SQLSTATE (PostgreSQL, appendix A). */
  readonly code: string;
  readonly table: string | undefined;
  readonly column: string | undefined;
  /** The columns of a violated key. */
  readonly key: string | undefined;
}

const optionalText = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);
const refusalSchema = z.object({
  code: z.string().regex(/^[0-9A-Z]{5}$/),
  table: optionalText,
  column: optionalText,
  detail: optionalText,
});

/** The errors inside an error, outermost first. The driver keeps what made a request fail under a name of its own. */
export function* causes(error: unknown): Generator<unknown> {
  for (let cause = error; cause instanceof Error; cause = "sourceError" in cause && cause.sourceError ? cause.sourceError : cause.cause) {
    yield cause;
  }
}

/** The server's refusal inside an error, or `undefined` when it was not the server that failed. */
export function serverRefusal(error: unknown): ServerRefusal | undefined {
  for (const cause of causes(error)) {
    const parsed = refusalSchema.safeParse(cause);
    if (!parsed.success) continue;
    const { code, table, column, detail } = parsed.data;
    return { code, table, column, key: /^Key \(([a-z0-9_, ]+)\)=/.exec(detail ?? "")?.[1] };
  }
  return undefined;
}

function failure(code: ErrorCode, message: string, faults: readonly Fault[] = []): PoolFailure {
  return { code, message, faults };
}

const UNREACHABLE = failure("database_unavailable", "The workspace's database cannot be reached.");

type Describe = (refusal: ServerRefusal) => PoolFailure;

const field = ({ table, column }: ServerRefusal) => (table && column ? `${table}.${column}` : "a column");
const rowOf = ({ table }: ServerRefusal) => (table ? `A row of ${table}` : "A row");

const MADE_AT_PUBLISHING = "What a draft's db_schema declares is made when the draft is published.";

/** SQLSTATEs, or the classes that their first two characters name, and what they mean to the app's author. */
const MEANINGS: Readonly<Record<string, Describe>> = {
  "08": () => UNREACHABLE,
  "21000": () => failure("validation_failed", "The statement would change one row twice, or a subquery gave several rows."),
  "22": () => failure("validation_failed", "A value does not fit where it is used."),
  "23502": (refusal) => failure("validation_failed", `${field(refusal)} must have a value.`),
  "23503": (refusal) => failure("conflict", `${rowOf(refusal)} refers to a row that does not exist, or is referred to${by(refusal)}.`),
  "23505": (refusal) => failure("conflict", `${rowOf(refusal)} with the same ${refusal.key ?? "key"} exists already.`),
  "23": () => failure("conflict", "The change breaks a rule of the database."),
  "25006": () => failure("forbidden", "This statement may only read."),
  "28": () => UNREACHABLE,
  "3D000": () => UNREACHABLE,
  "40": () => failure("conflict", "Another change of the same rows came in between."),
  "42501": () => failure("forbidden", "The app's database role may not do this: it reads and changes rows, nothing else."),
  "42601": () => failure("validation_failed", "The statement cannot be read as SQL, or is more than one statement."),
  "42703": () =>
    failure("validation_failed", `The statement names a column that does not exist in the workspace's database. ${MADE_AT_PUBLISHING}`),
  "42P01": () =>
    failure("validation_failed", `The statement names a table that does not exist in the workspace's database. ${MADE_AT_PUBLISHING}`),
  "42": (refusal) => failure("validation_failed", `The statement is not valid (SQLSTATE ${refusal.code}).`),
  "53": () => UNREACHABLE,
  "54": () => failure("validation_failed", "The statement or a value in it is larger than the database allows."),
  "55P03": () => failure("database_unavailable", "The rows are in use by another statement; it can be tried again."),
  "57014": () => failure("node_timeout", "The statement took longer than the database allows."),
  "57": () => UNREACHABLE,
};

function by({ key }: ServerRefusal): string {
  return key ? ` (${key})` : "";
}

/**
 * What went wrong with a statement, in words for the app's author: nothing of the statement, its values or the server's
 * address. An error that is neither the server's nor meant for callers is our own, and says nothing.
 */
export function describeFailure(error: unknown): PoolFailure {
  const refusal = serverRefusal(error);
  if (refusal) {
    const describe = MEANINGS[refusal.code] ?? MEANINGS[refusal.code.slice(0, 2)];
    return describe ? describe(refusal) : failure("database_unavailable", `The database failed (SQLSTATE ${refusal.code}).`);
  }
  const code = errorCode(error);
  if (code) return failure(code, errorMessage(error), error instanceof AppError ? error.faults : []);
  return isUnreachable(error) ? UNREACHABLE : failure("internal", "The database operation could not be completed.");
}
