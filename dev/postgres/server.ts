import { join } from "node:path";
import pg from "pg";
import { freePort } from "../listen.ts";
import { type ManagedProcess, startProcess } from "../process/managed-process.ts";
import { postgresBinaries } from "./binaries.ts";
import { openCluster } from "./cluster.ts";
import { stopStalePostmaster } from "./stale-postmaster.ts";
import { unprivilegedRunner } from "./unprivileged.ts";

export interface PostgresOptions {
  /** 0 or nothing takes any free port. */
  readonly port?: number;
  readonly logFile?: string;
  /** `false` gives up what was written when the machine (not the process) dies: for tests. */
  readonly durable?: boolean;
}

export interface PostgresServer {
  readonly port: number;
  /** Address of the superuser, in the database `postgres`. */
  readonly adminUrl: string;
  readonly process: ManagedProcess;
  /** Address of the superuser in another database. */
  url(database: string): string;
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 25;
/** While backends of a killed server are still going away, a new one cannot start on their folder. */
const LEFTOVERS = /pre-existing shared memory block|lock file "postmaster\.pid" already exists/;

/** Makes the cluster in `directory`, for a later start. */
export async function preparePostgres(directory: string): Promise<void> {
  await openCluster(directory, ...(await Promise.all([postgresBinaries(), unprivilegedRunner()])));
}

/** Starts PostgreSQL on the cluster in `directory` (made when absent), on the loopback address, and waits until it answers. */
export async function startPostgres(directory: string, options: PostgresOptions = {}): Promise<PostgresServer> {
  const [binaries, runner] = await Promise.all([postgresBinaries(), unprivilegedRunner()]);
  const { data, password } = await openCluster(directory, binaries, runner);
  await stopStalePostmaster(data);
  const port = options.port || (await freePort());
  const url = (database: string) => `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`;
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: "64MB",
    ...(options.durable === false ? { fsync: "off", synchronous_commit: "off", full_page_writes: "off" } : {}),
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const start = () =>
    startProcess({
      ...runner.command(binaries.postgres, ["-D", data, "-p", String(port), ...flags]),
      logFile: options.logFile ?? join(directory, "server.log"),
      // A fast shutdown: sessions are ended, everything is written.
      stopSignal: "SIGINT",
      patience: 20_000,
    });
  const server = await startUntilReady(start, url("postgres"));
  return { port, adminUrl: url("postgres"), process: server, url, stop: () => server.stop() };
}

async function startUntilReady(start: () => Promise<ManagedProcess>, url: string): Promise<ManagedProcess> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let server = await start();
  while (!(await answers(url))) {
    if (server.hasExited()) {
      const log = await server.tail();
      if (!LEFTOVERS.test(log) || Date.now() > deadline) throw new Error(`PostgreSQL did not start:\n${log}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
      server = await start();
    }
    if (Date.now() > deadline) {
      await server.stop();
      throw new Error(`PostgreSQL does not answer:\n${await server.tail()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return server;
}

/** Whether the server lets its superuser in: it is ready, and it is ours. */
async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}
