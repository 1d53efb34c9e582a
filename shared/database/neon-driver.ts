import { Client, neon, neonConfig } from "@neondatabase/serverless";
import { configureDriver } from "#platform/db";
import type { Env } from "#platform/env";
import { AppError, errorCode } from "#platform/errors";
import type { SqlAnswer, SqlStatement } from "#platform/objects/database-pool";
import type { Driver, Query } from "./driver.ts";
import { causes, serverRefusal } from "./failures.ts";

/** No statement of a db node is waited for longer, in milliseconds; the server itself stops it sooner. */
const STATEMENT_LIMIT_MS = 15_000;
/** Making a database copies files: it may take this long, in milliseconds. */
const COMMAND_LIMIT_MS = 60_000;
const CONNECT_LIMIT_MS = 10_000;
/** Bytes of an answer on the wire. Above the limit on its values, below what would endanger the isolate's memory. */
const MAX_WIRE_BYTES = 8 * 1024 * 1024;

interface BoundedInit extends RequestInit {
  /** Bytes of the response's body, at most; without it there is no limit. */
  readonly maxResponseBytes?: number;
}

async function* boundedChunks(body: ReadableStream<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of body) {
    total += chunk.byteLength;
    if (total > limit) throw new AppError("payload_too_large", "The answer of the database is too large.");
    yield chunk;
  }
}

/** `fetch`, but an answer over its limit is cut off while it arrives instead of being collected first. */
async function boundedFetch(url: string, { maxResponseBytes, ...init }: BoundedInit): Promise<Response> {
  const response = await fetch(url, init);
  if (maxResponseBytes === undefined || !response.body) return response;
  const chunks: Uint8Array[] = [];
  for await (const chunk of boundedChunks(response.body, maxResponseBytes)) chunks.push(chunk);
  return new Response(await new Blob(chunks).arrayBuffer(), { status: response.status });
}

/** Every value stays as the server wrote it. */
const TEXT_TYPES = { getTypeParser: () => (text: string) => text };

/** The server stops a statement whose connection is closed. */
const fetchOptions = (limitMs: number, stop?: AbortSignal) => ({
  signal: AbortSignal.any([AbortSignal.timeout(limitMs), ...(stop ? [stop] : [])]),
  maxResponseBytes: MAX_WIRE_BYTES,
});

/** What the server refused stays as it is; what never reached it, or never came back, is trouble on the way. */
function asDriverError(error: unknown): unknown {
  if (serverRefusal(error)) return error;
  const published = [...causes(error)].find((cause) => errorCode(cause) !== undefined);
  if (published) return published;
  const timedOut = [...causes(error)].some((cause) => cause instanceof Error && cause.name === "TimeoutError");
  return timedOut
    ? new AppError("node_timeout", "The database took too long to answer.", { cause: error })
    : new AppError("database_unavailable", "The workspace's database cannot be reached.", { cause: error });
}

async function guarded<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw asDriverError(error);
  }
}

async function run(address: string, { text, params }: SqlStatement, stop?: AbortSignal): Promise<SqlAnswer> {
  const bounds = fetchOptions(STATEMENT_LIMIT_MS, stop);
  const options = { arrayMode: true, fullResults: true, types: TEXT_TYPES, fetchOptions: bounds } as const;
  const { fields, rows, rowCount } = await guarded(neon(address).query(text, [...params], options));
  return { columns: fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID })), rows, count: rowCount };
}

async function command(address: string, text: string): Promise<void> {
  await guarded(neon(address).query(text, [], { fetchOptions: fetchOptions(COMMAND_LIMIT_MS) }));
}

async function batch(address: string, texts: readonly string[]): Promise<void> {
  const sql = neon(address);
  const queries = texts.map((text) => sql.query(text));
  await guarded(sql.transaction(queries, { fetchOptions: fetchOptions(COMMAND_LIMIT_MS) }));
}

async function transaction<T>(address: string, work: (query: Query) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: address, connectionTimeoutMillis: CONNECT_LIMIT_MS });
  const query = (text: string) => guarded(client.query(text));
  // A lost connection also rejects the query that waits for it, which is where it is dealt with.
  client.on("error", () => undefined);
  try {
    await guarded(client.connect());
    await query("BEGIN");
    const result = await work(async (text) => (await query(text)).rows);
    await query("COMMIT");
    return result;
  } finally {
    // A connection that ends inside a transaction takes the transaction with it.
    await client.end();
  }
}

/** Reaches PostgreSQL by Neon's protocols: HTTP for single statements and batches, a WebSocket for transactions. */
export function createNeonDriver(env: Pick<Env, "SQL_GATEWAY_ORIGIN">): Driver {
  configureDriver(env);
  // Global to the isolate, like the driver's other settings; only requests that carry a limit are treated differently.
  neonConfig.fetchFunction = boundedFetch;
  return { run, command, batch, transaction };
}
