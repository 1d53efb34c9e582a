import { type Connection, createConnection, createPool, type Pool, type PoolConnection } from "mariadb";
import type { PoolLimits } from "./postgres-pools.ts";
import { PoolsExhausted } from "./postgres-pools.ts";
import type { ServerAddress } from "./server-addresses.ts";

export interface MysqlCredentials {
  readonly user: string;
  readonly password: string;
}

export interface MysqlPools {
  /** A connection opened with exactly these credentials, in the one database they are for. */
  acquire(credentials: MysqlCredentials): Promise<PoolConnection>;
  close(): Promise<void>;
}

const ACQUIRE_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_SECONDS = 10;
/** A pool older than this is replaced, so that a changed password takes hold; in milliseconds. */
const MAX_POOL_AGE_MS = 30_000;

interface PoolEntry {
  readonly pool: Promise<Pool>;
  readonly openedAt: number;
}

/** One bounded pool for each user and password. */
export function createMysqlPools(server: ServerAddress, limits: PoolLimits): MysqlPools {
  const pools = new Map<string, PoolEntry>();

  function retire(key: string, entry: PoolEntry): void {
    pools.delete(key);
    // `end` waits for connections in use; a pool that never opened has nothing to close.
    entry.pool.then((pool) => pool.end()).catch(() => undefined);
  }

  function makeRoom(): void {
    const oldest = pools.entries().next().value;
    if (pools.size >= limits.pools && oldest !== undefined) retire(...oldest);
  }

  function poolFor(credentials: MysqlCredentials): Promise<Pool> {
    const key = JSON.stringify([credentials.user, credentials.password]);
    const known = pools.get(key);
    if (known !== undefined && Date.now() - known.openedAt < MAX_POOL_AGE_MS) return known.pool;
    if (known !== undefined) retire(key, known);
    makeRoom();
    const entry = { pool: openPool(server, credentials, limits.connections), openedAt: Date.now() };
    pools.set(key, entry);
    entry.pool.catch(() => pools.delete(key));
    return entry.pool;
  }

  return {
    async acquire(credentials) {
      const pool = await poolFor(credentials);
      if (pool.taskQueueSize() >= limits.waiting) throw new PoolsExhausted("Too many requests are waiting for this database");
      return await pool.getConnection();
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.allSettled(open.map(async (entry) => (await entry.pool).end()));
    },
  };
}

/** Connects once before there is a pool: a wrong password is the server's answer at once, not a pool's time-out. */
async function openPool(server: ServerAddress, credentials: MysqlCredentials, connectionLimit: number): Promise<Pool> {
  const options = { host: server.host, port: server.port, ...credentials, connectTimeout: 5000 };
  const connection = await createConnection(options);
  const database = await onlyDatabase(connection).finally(() => connection.end());
  return createPool({
    ...options,
    ...(database === null ? {} : { database }),
    connectionLimit,
    acquireTimeout: ACQUIRE_TIMEOUT_MS,
    idleTimeout: IDLE_TIMEOUT_SECONDS,
    minimumIdle: 0,
    initializationTimeout: ACQUIRE_TIMEOUT_MS,
    // Dates and numbers must arrive as the server writes them, in UTC as on PlanetScale.
    initSql: "SET time_zone = '+00:00'",
    charset: "utf8mb4",
  });
}

/** A password of PlanetScale is for one database. Here that is the one database the user can see; an administrator has none. */
async function onlyDatabase(connection: Connection): Promise<string | null> {
  const rows = await connection.query<{ name: string }[]>(
    "SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') LIMIT 2",
  );
  return rows.length === 1 ? (rows[0]?.name ?? null) : null;
}
