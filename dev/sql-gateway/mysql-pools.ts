import { type Connection, type ConnectionConfig, createConnection } from "mariadb";
import type { PoolLimits } from "./postgres-pools.ts";
import { PoolsExhausted } from "./postgres-pools.ts";
import type { ServerAddress } from "./server-addresses.ts";

export interface MysqlCredentials {
  readonly user: string;
  readonly password: string;
}

/** A connection on loan. */
export interface MysqlLease {
  readonly connection: Connection;
  /** Gives it back; one that is no longer usable is closed. */
  release(): void;
}

export interface MysqlPools {
  /** A connection opened with exactly these credentials, in the one database they are for. */
  acquire(credentials: MysqlCredentials): Promise<MysqlLease>;
  close(): Promise<void>;
}

const ACQUIRE_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 10_000;
/** A connection older than this is made anew, so that a changed password takes hold; in milliseconds. */
const MAX_AGE_MS = 30_000;

/** One bounded pool for each user and password. */
export function createMysqlPools(server: ServerAddress, limits: PoolLimits): MysqlPools {
  const pools = new Map<string, MysqlPool>();

  function makeRoom(): void {
    if (pools.size < limits.pools) return;
    for (const [key, pool] of pools) {
      if (pool.isBusy()) continue;
      pools.delete(key);
      pool.close();
      return;
    }
    throw new PoolsExhausted("Too many databases are in use at the same time");
  }

  function poolFor(credentials: MysqlCredentials): MysqlPool {
    const key = JSON.stringify([credentials.user, credentials.password]);
    const known = pools.get(key);
    if (known === undefined) makeRoom();
    const pool = known ?? new MysqlPool(server, credentials, limits);
    // Re-inserting keeps the map in order of last use.
    pools.delete(key);
    pools.set(key, pool);
    return pool;
  }

  return {
    acquire: async (credentials) => poolFor(credentials).acquire(),
    async close() {
      for (const pool of pools.values()) pool.close();
      pools.clear();
    },
  };
}

interface Idle {
  readonly connection: Connection;
  readonly openedAt: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Connections of one user and password. The connector's own pool keeps a request waiting while a server refuses its
 * connections, for up to the time-out; here a refusal is the request's answer at once.
 */
class MysqlPool {
  readonly #options: ConnectionConfig;
  readonly #limits: PoolLimits;
  readonly #idle: Idle[] = [];
  readonly #waiting: (() => void)[] = [];
  #open = 0;
  #closed = false;

  constructor(server: ServerAddress, credentials: MysqlCredentials, limits: PoolLimits) {
    this.#limits = limits;
    this.#options = {
      host: server.host,
      port: server.port,
      ...credentials,
      connectTimeout: 5000,
      charset: "utf8mb4",
      // Dates and numbers must arrive as the server writes them, in UTC as on PlanetScale.
      initSql: "SET time_zone = '+00:00'",
    };
  }

  isBusy(): boolean {
    return this.#open > this.#idle.length || this.#waiting.length > 0;
  }

  async acquire(): Promise<MysqlLease> {
    for (let idle = this.#takeIdle(); idle; idle = this.#takeIdle()) {
      if (idle.connection.isValid() && Date.now() - idle.openedAt < MAX_AGE_MS) return this.#lease(idle.connection, idle.openedAt);
      this.#discard(idle.connection);
    }
    if (this.#open >= this.#limits.connections) {
      await this.#turn();
      return this.acquire();
    }
    this.#open += 1;
    try {
      return this.#lease(await this.#connect(), Date.now());
    } catch (error) {
      this.#left();
      throw error;
    }
  }

  close(): void {
    this.#closed = true;
    for (let idle = this.#takeIdle(); idle; idle = this.#takeIdle()) this.#discard(idle.connection);
  }

  #takeIdle(): Idle | undefined {
    const idle = this.#idle.pop();
    clearTimeout(idle?.timer);
    return idle;
  }

  #lease(connection: Connection, openedAt: number): MysqlLease {
    return {
      connection,
      release: () => {
        if (this.#closed || !connection.isValid()) return this.#discard(connection);
        const timer = setTimeout(() => {
          const index = this.#idle.findIndex((idle) => idle.connection === connection);
          if (index >= 0) this.#idle.splice(index, 1);
          this.#discard(connection);
        }, IDLE_TIMEOUT_MS);
        this.#idle.push({ connection, openedAt, timer: timer.unref() });
        this.#waiting.shift()?.();
      },
    };
  }

  #discard(connection: Connection): void {
    connection.destroy();
    this.#left();
  }

  #left(): void {
    this.#open -= 1;
    this.#waiting.shift()?.();
  }

  /** Waits until a connection came back or may be opened. */
  async #turn(): Promise<void> {
    if (this.#waiting.length >= this.#limits.waiting) throw new PoolsExhausted("Too many requests are waiting for this database");
    const turn = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(turn.resolve), 1);
      turn.reject(new PoolsExhausted("No connection to this database came free in time"));
    }, ACQUIRE_TIMEOUT_MS);
    this.#waiting.push(turn.resolve);
    await turn.promise.finally(() => clearTimeout(timer));
  }

  async #connect(): Promise<Connection> {
    const connection = await createConnection(this.#options);
    // A connection that the server closes while it is idle is found not to be valid when it is next wanted.
    connection.on("error", () => undefined);
    const database = await onlyDatabase(connection);
    if (database !== null) await connection.query(`USE \`${database.replaceAll("`", "``")}\``);
    return connection;
  }
}

/** A password of PlanetScale is for one database. Here that is the one database the user can see; an administrator has none. */
async function onlyDatabase(connection: Connection): Promise<string | null> {
  const rows = await connection.query<{ name: string }[]>(
    "SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') LIMIT 2",
  );
  return rows.length === 1 ? (rows[0]?.name ?? null) : null;
}
