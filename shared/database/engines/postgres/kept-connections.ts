import { Pool, type PoolClient } from "@neondatabase/serverless";
import { AppError } from "#platform/errors";
import { answerTooLarge, MAX_WIRE_BYTES, STATEMENT_LIMIT_MS } from "../bounded-fetch.ts";
import type { SqlStatement } from "../driver.ts";
import { postgresRefusal } from "./failures.ts";

const CONNECT_LIMIT_MS = 10_000;
/** Milliseconds after which a connection that nothing uses is closed: an object with an open one stays in memory. */
const IDLE_MS = 10_000;
/** More than a pool ever has at work. */
const MAX_CONNECTIONS = 64;

export interface Result {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly rowCount: number | null;
}

/** Every value stays as the server wrote it. */
export const TEXT_TYPES = { getTypeParser: () => (text: string) => text };

/** The same, while they are fewer bytes than an answer may have. What a parser throws ends the query, which keeps no further row. */
function boundedTypes() {
  let length = 0;
  const parse = (text: string) => {
    length += text.length;
    if (length > MAX_WIRE_BYTES) throw answerTooLarge();
    return text;
  };
  return { getTypeParser: () => parse };
}

const answerOf = (client: PoolClient, { text, params }: SqlStatement): Promise<Result> =>
  client.query({ text, values: [...params], rowMode: "array", types: boundedTypes() });

/** Whether the server has refused the statement, and nothing more than the statement. */
function isAnswer(error: unknown): boolean {
  const objection = postgresRefusal(error)?.objection;
  return objection !== undefined && objection !== "unreachable" && objection !== "entry_refused";
}

/**
 * Connections to one database that outlast their statements, by Neon's WebSocket protocol. They belong to one Durable Object, the
 * only place whose requests may share them. When the address changes, what was opened by the former one closes as it comes free.
 */
export class KeptConnections {
  readonly #cancel: (address: string, processId: number) => Promise<unknown>;
  #current: { readonly address: string; readonly pool: Pool } | undefined;

  /** `cancel` has the server stop what a connection is doing. */
  constructor(cancel: (address: string, processId: number) => Promise<unknown>) {
    this.#cancel = cancel;
  }

  /**
   * One statement, which must leave nothing behind in its session. Throws payload_too_large, node_timeout, the signal's reason,
   * and what the server or the way to it has against it. A connection is kept only when the server has had its say on it.
   */
  async run(address: string, statement: SqlStatement, stop?: AbortSignal): Promise<Result> {
    stop?.throwIfAborted();
    const client = await this.#poolOf(address).connect();
    const ended = Promise.withResolvers<never>();
    const timer = setTimeout(() => ended.reject(new AppError("node_timeout", "The database took too long to answer.")), STATEMENT_LIMIT_MS);
    const onStop = () => ended.reject(stop?.reason);
    stop?.addEventListener("abort", onStop, { once: true });
    try {
      const result = await Promise.race([answerOf(client, statement), ended.promise]);
      client.release();
      return result;
    } catch (error) {
      if (isAnswer(error)) client.release();
      else await this.#discard(address, client);
      throw error;
    } finally {
      clearTimeout(timer);
      stop?.removeEventListener("abort", onStop);
    }
  }

  /** Closes a connection on which something may still be going on, once the server has been told to stop it. */
  async #discard(address: string, client: PoolClient): Promise<void> {
    try {
      if ("processID" in client && typeof client.processID === "number") await this.#cancel(address, client.processID);
    } catch {
      // The server that cannot be reached, or refuses the entry, stops it by its own limit.
    } finally {
      client.release(true);
    }
  }

  #poolOf(address: string): Pool {
    if (this.#current?.address === address) return this.#current.pool;
    void this.#current?.pool.end();
    const pool = new Pool({
      connectionString: address,
      max: MAX_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_LIMIT_MS,
      idleTimeoutMillis: IDLE_MS,
      allowExitOnIdle: true,
    });
    // A connection that its server closes while it is idle leaves the pool by itself.
    pool.on("error", () => undefined);
    this.#current = { address, pool };
    return pool;
  }
}
