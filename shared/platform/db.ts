import { neonConfig, Pool } from "@neondatabase/serverless";
import { drizzle as drizzleHttp, type NeonHttpDatabase } from "drizzle-orm/neon-http";
import { drizzle as drizzleSocket, type NeonDatabase } from "drizzle-orm/neon-serverless";
import type { Env } from "#platform/env";
import { AppError } from "#platform/errors";
import * as schema from "#platform/schema";

/** Single statements and `batch([...])` (one transaction, no round trips between), each one HTTP request. */
export type Database = NeonHttpDatabase<typeof schema>;

/** An interactive transaction, over a WebSocket. */
export type Transaction = Parameters<Parameters<NeonDatabase<typeof schema>["transaction"]>[0]>[0];

/**
 * Points the Neon driver at the local SQL gateway, or leaves it alone where there is none. The driver's settings are
 * global to the isolate; all addresses of one deployment are of one kind, so setting them twice is harmless.
 */
export function configureDriver(env: Pick<Env, "SQL_GATEWAY_ORIGIN">): void {
  if (env.SQL_GATEWAY_ORIGIN === "") return;
  const gateway = new URL(env.SQL_GATEWAY_ORIGIN);
  neonConfig.fetchEndpoint = `${gateway.origin}/sql`;
  neonConfig.wsProxy = `${gateway.host}/v2`;
  neonConfig.useSecureWebSocket = gateway.protocol === "https:";
  neonConfig.pipelineConnect = false;
}

export function openDatabase(env: Pick<Env, "DATABASE_URL" | "SQL_GATEWAY_ORIGIN">): Database {
  configureDriver(env);
  return drizzleHttp(env.DATABASE_URL, { schema });
}

/** Runs `work` in one transaction of its own connection; rolls back when it throws. */
export async function inTransaction<T>(
  env: Pick<Env, "DATABASE_URL" | "SQL_GATEWAY_ORIGIN">,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  configureDriver(env);
  const pool = new Pool({ connectionString: env.DATABASE_URL, max: 1 });
  // Only of a connection at rest, when the work is done and its outcome known; what fails before rejects the work itself.
  pool.on("error", () => undefined);
  try {
    return await drizzleSocket(pool, { schema }).transaction(work);
  } catch (error) {
    if (error instanceof Error) throw error;
    // A socket that cannot be opened fails with the event that said so, which is no error.
    throw new AppError("database_unavailable", "The database cannot be reached right now. Nothing was changed; try again shortly.");
  } finally {
    await pool.end();
  }
}

interface DatabaseError {
  readonly name: string;
  readonly code?: unknown;
}

/** The driver's own error inside whatever wraps it, or `undefined` when the failure was not the database's. */
function driverError(error: unknown): DatabaseError | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    // Over HTTP the driver throws its own class; over the socket an error is what the protocol said, severity included.
    if (cause.name === "NeonDbError" || (cause.name === "error" && "severity" in cause)) return cause;
  }
  return undefined;
}

/** The SQLSTATE of a statement that the database refused (PostgreSQL, appendix A), or `undefined`. */
export function sqlState(error: unknown): string | undefined {
  const code = driverError(error)?.code;
  return typeof code === "string" && code !== "" ? code : undefined;
}

/** Whether the database could not be reached at all, so that the same statement may succeed later. */
export function isUnreachable(error: unknown): boolean {
  const failure = driverError(error);
  if (!failure) return false;
  const state = sqlState(error);
  // 08: connection trouble. 57P0x: the server is going down or starting. 53: out of resources, such as connections.
  return state === undefined || /^(08|57P0|53)/.test(state);
}
