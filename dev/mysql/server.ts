import { execFile } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
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

/** Makes the folder of a server, for a later start; nothing where `MYSQL_URL` names one. */
export async function prepareMysql(directory: string): Promise<void> {
  if (process.env["MYSQL_URL"] === undefined) await openFolder(directory);
  else await mkdir(directory, { recursive: true });
}

/** The server of `MYSQL_URL`, or an installed MariaDB or MySQL started on the folder in `directory` (made when absent). */
export async function startMysql(directory: string, { durable = true }: MysqlOptions = {}): Promise<MysqlServer> {
  const given = process.env["MYSQL_URL"];
  if (given !== undefined) return { adminUrl: given, stop: async () => undefined };

  const { program, data, temporary } = await openFolder(directory);
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

interface Folder {
  /** The server that it is for. */
  readonly program: string;
  readonly data: string;
  /** Of its own: a server deletes what it finds there when it starts, which may be another one's. */
  readonly temporary: string;
}

async function openFolder(directory: string): Promise<Folder> {
  const [mariadb, mysql] = [findProgram("mariadbd"), findProgram("mysqld")];
  const program = mariadb ?? mysql;
  if (program === null) throw new Error("No MySQL server: install mariadb-server, or set MYSQL_URL");
  const folder = { program, data: join(directory, "data"), temporary: join(directory, "tmp") };
  await mkdir(folder.temporary, { recursive: true });
  if (!existsSync(folder.data)) await initialise(folder, program === mariadb);
  return folder;
}

async function initialise({ program, data, temporary }: Folder, isMariadb: boolean): Promise<void> {
  const folders = ["--no-defaults", `--datadir=${data}`, `--tmpdir=${temporary}`, ...asRoot()];
  const run = promisify(execFile);
  if (isMariadb) await run("mariadb-install-db", [...folders, "--auth-root-authentication-method=normal", "--skip-test-db"]);
  else await run(program, [...folders, "--initialize-insecure"]);
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
