import { z } from "zod";
import { ResponseTooLarge } from "./neon-statement.ts";
import { PoolsExhausted } from "./postgres-pools.ts";

const text = z.string().optional();

/** An ErrorResponse of Postgres, as `pg` throws it. */
const serverError = z.object({
  message: z.string(),
  severity: z.string(),
  code: z.string(),
  detail: text,
  hint: text,
  position: text,
  internalPosition: text,
  internalQuery: text,
  where: text,
  schema: text,
  table: text,
  column: text,
  dataType: text,
  constraint: text,
  file: text,
  line: text,
  routine: text,
});

const FIELDS = Object.keys(serverError.shape).filter((field) => field !== "message");

export interface NeonFailure {
  readonly status: number;
  readonly body: Readonly<Record<string, string | null>>;
}

/**
 * An error as Neon answers it: 400 with the server's own fields for what Postgres refused, another status for what never
 * got an answer from a database. The driver gives the fields of a 400 to its caller and throws any other status as text.
 */
export function neonFailure(error: unknown): NeonFailure {
  const refused = serverError.safeParse(error);
  if (refused.success) return failure(400, refused.data.message, refused.data);
  if (error instanceof ResponseTooLarge) return failure(507, error.message);
  if (error instanceof PoolsExhausted) return failure(503, error.message);
  return failure(500, `couldn't connect to compute node: ${error instanceof Error ? error.message || error.name : String(error)}`);
}

export function failure(status: number, message: string, fields: Readonly<Record<string, string | undefined>> = {}): NeonFailure {
  return { status, body: { message, ...Object.fromEntries(FIELDS.map((field) => [field, fields[field] ?? null])) } };
}
