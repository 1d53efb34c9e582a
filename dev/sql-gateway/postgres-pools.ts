import pg from "pg";

export interface PoolLimits {
  /** Connections for one connection string. */
  readonly connections: number;
  /** Requests that may wait for one of them. */
  readonly waiting: number;
  /** Different connection strings at one time. */
  readonly pools: number;
}

export const DEFAULT_POOL_LIMITS: PoolLimits = { connections: 8, waiting: 1000, pools: 64 };

/** How long a request waits for a free connection, and a new connection for its server, in milliseconds. */
const ACQUIRE_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 10_000;
/** After this many seconds a connection is made anew, so that a changed password or a revoked login takes hold. */
const MAX_LIFETIME_SECONDS = 30;

/** The gateway itself is full; nothing was sent to a database. */
export class PoolsExhausted extends Error {}

export interface PostgresPools {
  /** A connection that was opened with exactly these credentials. Give it back with `release()`, or `release(true)` to close it. */
  acquire(connectionString: string): Promise<pg.PoolClient>;
  close(): Promise<void>;
}

/**
 * One bounded pool a connection string. The string holds the password: two passwords never share a connection, and a wrong
 * one fails at the server as it would without the gateway.
 */
export function createPostgresPools(limits: PoolLimits = DEFAULT_POOL_LIMITS): PostgresPools {
  const pools = new Map<string, pg.Pool>();

  function poolFor(connectionString: string): pg.Pool {
    const known = pools.get(connectionString);
    // Re-inserting keeps the map in order of last use.
    pools.delete(connectionString);
    const pool = known ?? openPool(connectionString, limits.connections);
    pools.set(connectionString, pool);
    return pool;
  }

  function makeRoom(): void {
    if (pools.size < limits.pools) return;
    for (const [key, pool] of pools) {
      if (pool.totalCount > pool.idleCount || pool.waitingCount > 0) continue;
      pools.delete(key);
      void pool.end();
      return;
    }
    throw new PoolsExhausted("Too many databases are in use at the same time");
  }

  return {
    async acquire(connectionString) {
      if (!pools.has(connectionString)) makeRoom();
      const pool = poolFor(connectionString);
      if (pool.waitingCount >= limits.waiting) throw new PoolsExhausted("Too many requests are waiting for this database");
      return await pool.connect();
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map((pool) => pool.end()));
    },
  };
}

function openPool(connectionString: string, max: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    connectionTimeoutMillis: ACQUIRE_TIMEOUT_MS,
    maxLifetimeSeconds: MAX_LIFETIME_SECONDS,
    allowExitOnIdle: true,
  });
  // An idle connection that its server closes leaves the pool by itself; the next request opens another one.
  pool.on("error", () => undefined);
  // One that breaks while somebody has it, between two statements, fails at the next: no reason to take the gateway down.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}
