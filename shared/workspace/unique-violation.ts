/** PostgreSQL's SQLSTATE for a unique constraint (appendix A). */
const UNIQUE_VIOLATION = "23505";

/**
 * The name of the unique constraint that refused a write, or `undefined` for any other failure. Looks through whatever
 * wraps the driver's error: statements over HTTP and over a socket fail with different classes.
 */
export function violatedConstraint(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && cause.code === UNIQUE_VIOLATION && "constraint" in cause)
      return typeof cause.constraint === "string" ? cause.constraint : "";
  }
  return undefined;
}
