import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { isMysqlAvailable, type MysqlServer, prepareMysql, startMysql } from "../../dev/mysql/server.ts";
import { type PostgresServer, preparePostgres, startPostgres } from "../../dev/postgres/server.ts";

/*
 * Servers for tests. Making a server's folder takes longer than starting it, so it is made once a run, before the first test, and
 * copied for each file that needs a server of its own.
 */

type Server = "postgres" | "mysql";

declare module "vitest" {
  interface ProvidedContext {
    readonly preparedServers: string;
  }
}

const POLL_MS = 50;

/** For Vitest's `globalSetup`. Tests that need no server do not wait for it. */
export default async function prepare(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "prepared-servers-"));
  const prepared = [
    prepareIn(directory, "postgres", preparePostgres),
    isMysqlAvailable() ? prepareIn(directory, "mysql", prepareMysql) : undefined,
  ];
  project.provide("preparedServers", directory);
  return async () => {
    await Promise.all(prepared);
    await rm(directory, { recursive: true, force: true });
  };
}

/** Made aside and moved into place: what is there under its name is finished. */
async function prepareIn(directory: string, name: Server, make: (directory: string) => Promise<void>): Promise<void> {
  const unfinished = join(directory, `${name}.new`);
  await make(unfinished);
  await rename(unfinished, join(directory, name));
}

/** Keeps who owns the files: a server runs as a user of its own where the tests run as root. */
async function copyTo(directory: string, name: Server): Promise<string> {
  const [source, target] = [join(inject("preparedServers"), name), join(directory, name)];
  while (!existsSync(source)) await setTimeout(POLL_MS);
  await promisify(execFile)("cp", ["-a", source, target]);
  return target;
}

export async function startTestPostgres(directory: string): Promise<PostgresServer> {
  return startPostgres(await copyTo(directory, "postgres"), { durable: false });
}

/** Only where {@link isMysqlAvailable}. */
export async function startTestMysql(directory: string): Promise<MysqlServer> {
  return startMysql(await copyTo(directory, "mysql"), { durable: false });
}
