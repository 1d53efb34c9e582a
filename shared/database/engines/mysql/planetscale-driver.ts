import { type Config, Connection, type ExecutedQuery, type Field } from "@planetscale/database";
import type { Env } from "#platform/env";
import { boundedFetch, COMMAND_LIMIT_MS, limitSignal, MAX_WIRE_BYTES, STATEMENT_LIMIT_MS } from "../bounded-fetch.ts";
import { type Driver, plain, type Query, type SqlAnswer, type TransactionOptions, type ValueType } from "../driver.ts";
import { asDriverError } from "../failures.ts";
import { mysqlRefusal } from "./failures.ts";

/** MySQL's number of the character set of bytes. */
const BINARY = 63;
const BYTES: ReadonlySet<string> = new Set(["BLOB", "BINARY", "VARBINARY", "BIT", "GEOMETRY"]);

/** MySQL's `boolean` is an integer of one digit; no column of ours is that otherwise. */
function valueType({ type, columnLength }: Field): ValueType {
  if (type === "INT8" && columnLength === 1) return "boolean";
  if (/^U?INT\d+$/.test(type) || type === "YEAR") return "integer";
  if (type.startsWith("FLOAT")) return "number";
  if (type === "JSON") return "json";
  return type === "DATETIME" || type === "TIMESTAMP" ? "timestamp" : "text";
}

const UTF8 = new TextDecoder();

/** The driver gives each byte as a character. Bytes that are no text are told in PostgreSQL's spelling. */
function cellText({ type, charset }: Field, value: string | null): string | null {
  if (value === null) return null;
  const bytes = Uint8Array.from(value, (character) => character.charCodeAt(0));
  if (charset !== BINARY || !BYTES.has(type)) return UTF8.decode(bytes);
  return `\\x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function toAnswer({ fields, rows, rowsAffected }: ExecutedQuery<(string | null)[]>): SqlAnswer {
  const columns = fields.map((field) => ({ name: field.name, type: valueType(field) }));
  return { columns, rows, count: fields.length > 0 ? rows.length : rowsAffected };
}

/** One session of PlanetScale's HTTP protocol. */
interface Session {
  readonly query: Query;
  /** Ends an open transaction without effect, also after the session was stopped. */
  rollback(): Promise<void>;
}

function openSession(config: Config, limitMs: number, stop?: AbortSignal): Session {
  let stopped = stop;
  const connection = new Connection({
    ...config,
    fetch: (url, init) => boundedFetch(url, { ...init, signal: limitSignal(limitMs, stopped), maxResponseBytes: MAX_WIRE_BYTES }),
  });
  const query: Query = async ({ text, params }) => {
    try {
      const options = { as: "array", cast: cellText } as const;
      return toAnswer(await connection.execute<(string | null)[]>(text, params.length > 0 ? [...params] : null, options));
    } catch (error) {
      throw asDriverError(error, mysqlRefusal(error));
    }
  };
  return {
    query,
    async rollback() {
      stopped = undefined;
      // One that does not arrive is not missed: the server rolls back a session that is silent for 20 s, or whose request was cut off.
      await query(plain("ROLLBACK")).catch(() => undefined);
    },
  };
}

/**
 * Reaches MySQL by PlanetScale's HTTP protocol: at PlanetScale itself, and any other server through the SQL gateway, which
 * speaks it. An address is `mysql://user:password@host/database`.
 */
export function createPlanetscaleDriver({ SQL_GATEWAY_ORIGIN: gateway }: Pick<Env, "SQL_GATEWAY_ORIGIN">): Driver {
  const configOf = (address: string): Config => {
    const { username, password, hostname } = new URL(address);
    const entry = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    if (hostname.endsWith(".psdb.cloud") || gateway === "") return { ...entry, host: hostname };
    // The address that the client is given must hold the entry: it takes it from there alone.
    const url = new URL(gateway);
    url.username = username;
    url.password = password;
    return { url: url.href };
  };
  return {
    run: (address, statement, stop) => openSession(configOf(address), STATEMENT_LIMIT_MS, stop).query(statement),
    read: (address, statement, signal) =>
      transaction(configOf(address), (query) => query(statement), { readOnly: true, ...(signal && { signal }) }),
    command: async (address, text) => {
      await openSession(configOf(address), COMMAND_LIMIT_MS).query(plain(text));
    },
    transaction: (address, work, options) => transaction(configOf(address), work, options),
  };
}

function beginning({ readOnly = false, snapshot = false }: TransactionOptions): string {
  if (snapshot) return "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
  return readOnly ? "START TRANSACTION READ ONLY" : "BEGIN";
}

async function transaction<T>(config: Config, work: (query: Query) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
  const { query, rollback } = openSession(config, STATEMENT_LIMIT_MS, options.signal);
  await query(plain(beginning(options)));
  try {
    const result = await work(query);
    await query(plain("COMMIT"));
    return result;
  } catch (error) {
    await rollback();
    throw error;
  }
}
