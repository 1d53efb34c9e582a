import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { createConnection } from "mariadb";
import { freePort } from "../listen.ts";
import { type ManagedProcess, startProcess } from "../process/managed-process.ts";

export interface MysqlServer {
  /** Address of the administrator. */
  readonly adminUrl: string;
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
const SYSTEM_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec"];

/** Whether MySQL can be had here: `MYSQL_URL` names a server, or one is installed. */
export function isMysqlAvailable(): boolean {
  return process.env["MYSQL_URL"] !== undefined || findProgram("mariadbd") !== null || findProgram("mysqld") !== null;
}

export interface MysqlOptions {
  /** `false` gives up what was written when the machine (not the process) dies: for tests. */
  readonly durable?: boolean;
}

/** Nothing waits for the disk, and tables make no files: DDL is nine times as fast. A server leaves out what it does not know. */
const NOT_DURABLE = [
  ...["debug-no-sync", "innodb-flush-log-at-trx-commit=0", "innodb-doublewrite=0", "innodb-flush-method=nosync"],
  ...["skip-log-bin", "innodb-file-per-table=0", "innodb-stats-persistent=0"],
].map((option) => `--loose-${option}`);

/** The server of `MYSQL_URL`, or an installed MariaDB or MySQL started on an empty folder. */
export async function startMysql(directory: string, { durable = true }: MysqlOptions = {}): Promise<MysqlServer> {
  const given = process.env["MYSQL_URL"];
  if (given !== undefined) return { adminUrl: given, stop: async () => undefined };

  const data = join(directory, "data");
  // A server deletes what it finds in its folder for temporary files when it starts, which may be another one's.
  const temporary = join(directory, "tmp");
  await mkdir(temporary, { recursive: true });
  const program = await initialise(data, temporary);
  const port = await freePort();
  const server = await startProcess({
    command: program,
    args: [
      "--no-defaults",
      `--datadir=${data}`,
      `--tmpdir=${temporary}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      `--socket=${join(directory, "socket")}`,
      `--pid-file=${join(directory, "pid")}`,
      ...(durable ? [] : NOT_DURABLE),
      ...asRoot(),
    ],
    logFile: join(directory, "server.log"),
  });
  await untilReady(server, port);
  return { adminUrl: `mysql://root@127.0.0.1:${port}`, stop: () => server.stop() };
}

/** Makes the data folder; gives the server's program. */
async function initialise(data: string, temporary: string): Promise<string> {
  const run = promisify(execFile);
  const mariadb = findProgram("mariadbd");
  if (mariadb !== null) {
    await run("mariadb-install-db", [
      "--no-defaults",
      `--datadir=${data}`,
      `--tmpdir=${temporary}`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
      ...asRoot(),
    ]);
    return mariadb;
  }
  const mysql = findProgram("mysqld");
  if (mysql === null) throw new Error("No MySQL server: install mariadb-server, or set MYSQL_URL");
  await run(mysql, ["--no-defaults", "--initialize-insecure", `--datadir=${data}`, `--tmpdir=${temporary}`, ...asRoot()]);
  return mysql;
}

async function untilReady(server: ManagedProcess, port: number): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await answers(port))) {
    if (server.hasExited() || Date.now() > deadline) {
      await server.stop();
      throw new Error(`The MySQL server did not start:\n${await server.tail()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    const connection = await createConnection({ host: "127.0.0.1", port, user: "root", connectTimeout: 1000 });
    await connection.end();
    return true;
  } catch {
    return false;
  }
}

function asRoot(): readonly string[] {
  return process.getuid?.() === 0 ? ["--user=root"] : [];
}

function findProgram(name: string): string | null {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), ...SYSTEM_FOLDERS]) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}
