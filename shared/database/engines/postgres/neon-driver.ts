import { Client, type NeonQueryFunction, neon, neonConfig } from "@neondatabase/serverless";
import { configureDriver } from "#platform/db";
import type { Env } from "#platform/env";
import { AppError } from "#platform/errors";
import { boundedFetch, COMMAND_LIMIT_MS, limitSignal, MAX_WIRE_BYTES, STATEMENT_LIMIT_MS } from "../bounded-fetch.ts";
import type { Driver, Query, SqlAnswer, SqlStatement, TransactionOptions, ValueType } from "../driver.ts";
import { asDriverError } from "../failures.ts";
import { postgresRefusal } from "./failures.ts";

const CONNECT_LIMIT_MS = 10_000;

/** Object ids of PostgreSQL's built-in types (pg_type.dat); they never change. */
const VALUE_TYPES: Readonly<Record<number, ValueType>> = {
  16: "boolean",
  20: "integer",
  21: "integer",
  23: "integer",
  114: "json",
  700: "number",
  701: "number",
  1114: "timestamp",
  1184: "timestamp",
  3802: "json",
};

/** Every value stays as the server wrote it. */
const TEXT_TYPES = { getTypeParser: () => (text: string) => text };

interface Result {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly rowCount: number | null;
}

function toAnswer({ fields, rows, rowCount }: Result): SqlAnswer {
  const columns = fields.map(({ name, dataTypeID }) => ({ name, type: VALUE_TYPES[dataTypeID] ?? ("text" as const) }));
  return { columns, rows, count: rowCount ?? 0 };
}

async function guarded<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw asDriverError(error, postgresRefusal(error));
  }
}

const bounds = (limitMs: number, stop?: AbortSignal) => ({ signal: limitSignal(limitMs, stop), maxResponseBytes: MAX_WIRE_BYTES });

const textOptions = (stop?: AbortSignal) =>
  ({ arrayMode: true, fullResults: true, types: TEXT_TYPES, fetchOptions: bounds(STATEMENT_LIMIT_MS, stop) }) as const;

/** Ways to ask by address, which the driver would take apart anew for each statement. Rotated credentials make a new one. */
const ways = new Map<string, NeonQueryFunction<false, false>>();
const MAX_WAYS = 100;

function wayTo(address: string): NeonQueryFunction<false, false> {
  const known = ways.get(address);
  if (known) return known;
  const way = neon(address);
  const [oldest] = ways.keys();
  if (ways.size >= MAX_WAYS && oldest !== undefined) ways.delete(oldest);
  ways.set(address, way);
  return way;
}

async function run(address: string, { text, params }: SqlStatement, stop?: AbortSignal): Promise<SqlAnswer> {
  return toAnswer(await guarded(wayTo(address).query(text, [...params], textOptions(stop))));
}

/** By HTTP and not by a WebSocket, whose answers are collected however large they are. */
async function read(address: string, { text, params }: SqlStatement, stop?: AbortSignal): Promise<SqlAnswer> {
  const sql = wayTo(address);
  const options = { ...textOptions(stop), readOnly: true } as const;
  const [result] = await guarded(sql.transaction((query) => [query.query(text, [...params])], options));
  if (!result) throw new AppError("internal", "A transaction of one statement gave no answer.");
  return toAnswer(result);
}

async function command(address: string, text: string): Promise<void> {
  await guarded(wayTo(address).query(text, [], { fetchOptions: bounds(COMMAND_LIMIT_MS) }));
}

function beginning({ readOnly = false, snapshot = false }: TransactionOptions): string {
  if (snapshot) return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  return readOnly ? "BEGIN READ ONLY" : "BEGIN";
}

async function transaction<T>(address: string, work: (query: Query) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
  const { signal } = options;
  const client = new Client({ connectionString: address, connectionTimeoutMillis: CONNECT_LIMIT_MS });
  const query: Query = async ({ text, params }) => {
    signal?.throwIfAborted();
    return toAnswer(await guarded(client.query({ text, values: [...params], rowMode: "array", types: TEXT_TYPES })));
  };
  // A lost connection also rejects the query that waits for it, which is where it is dealt with.
  client.on("error", () => undefined);
  // A connection that ends inside a transaction takes the transaction with it, and the statement under way.
  const stop = () => void client.end();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await guarded(client.connect());
    await query({ text: beginning(options), params: [] });
    const result = await work(query);
    await query({ text: "COMMIT", params: [] });
    return result;
  } finally {
    signal?.removeEventListener("abort", stop);
    await client.end();
  }
}

/** Reaches PostgreSQL by Neon's protocols: HTTP for single statements, a WebSocket for transactions. */
export function createNeonDriver(env: Pick<Env, "SQL_GATEWAY_ORIGIN">): Driver {
  configureDriver(env);
  // Global to the isolate, like the driver's other settings; only requests that carry a limit are treated differently.
  neonConfig.fetchFunction = boundedFetch;
  return { run, read, command, transaction };
}
