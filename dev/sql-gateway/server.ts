import { createServer } from "node:http";
import { sendJson } from "../http-body.ts";
import { listen } from "../listen.ts";
import { createMysqlPools } from "./mysql-pools.ts";
import { createMysqlSessions } from "./mysql-sessions.ts";
import { handleNeonSql } from "./neon-http.ts";
import { createNeonSockets } from "./neon-socket.ts";
import { handlePlanetscale, isPlanetscalePath } from "./planetscale-http.ts";
import { createPostgresPools, DEFAULT_POOL_LIMITS, type PoolLimits } from "./postgres-pools.ts";
import { addressOf, type ServerAddress } from "./server-addresses.ts";

export interface SqlGatewayOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Connection strings of servers to be reached besides those of this machine. */
  readonly servers?: readonly string[];
  /** The MySQL server that stands behind PlanetScale's protocol. */
  readonly mysqlUrl?: string | undefined;
  readonly limits?: PoolLimits;
}

export interface SqlGateway {
  readonly origin: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Speaks the HTTP and WebSocket protocols of Neon and the HTTP protocol of PlanetScale in front of ordinary Postgres and
 * MySQL servers, so that the drivers of production run unchanged. Listens on this machine only.
 */
export async function startSqlGateway(options: SqlGatewayOptions): Promise<SqlGateway> {
  const limits = options.limits ?? DEFAULT_POOL_LIMITS;
  const servers = (options.servers ?? []).map(addressOf).filter((address) => address !== null);
  const pools = createPostgresPools(limits);
  const sockets = createNeonSockets(servers);
  const planetscale = mysqlServices(options.mysqlUrl === undefined ? null : addressOf(options.mysqlUrl), limits);

  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    const handled =
      request.method === "POST" && path === "/sql"
        ? handleNeonSql(request, response, { pools, servers })
        : request.method === "POST" && isPlanetscalePath(path)
          ? handlePlanetscale(request, response, planetscale)
          : Promise.resolve(sendJson(response, 404, { message: "not found" }));
    // Only a broken connection gets here: every handler answers its own failures.
    handled.catch(() => response.destroy());
  });
  server.on("upgrade", sockets.upgrade);
  const port = await listen(server, options.port);

  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    async close() {
      await sockets.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await Promise.all([closed, planetscale?.sessions.close()]);
      await Promise.all([pools.close(), planetscale?.pools.close()]);
    },
  };
}

function mysqlServices(server: ServerAddress | null, limits: PoolLimits) {
  return server === null ? null : { pools: createMysqlPools(server, limits), sessions: createMysqlSessions() };
}
