import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runToEnd } from "../process/managed-process.ts";
import type { PostgresBinaries } from "./binaries.ts";
import type { Runner } from "./unprivileged.ts";

/** A data folder that PostgreSQL can start from. */
export interface Cluster {
  readonly data: string;
  readonly password: string;
}

/**
 * The Neon driver computes SCRAM's 4096 rounds in JavaScript, 150 ms for each connection. Rounds protect guessable passwords;
 * those of this server are random.
 */
const QUICK_PASSWORDS = ["-c", "scram_iterations=1"];

/** Opens the cluster in `directory`, or makes it: UTF-8, passwords by SCRAM, one superuser `postgres`. */
export async function openCluster(directory: string, binaries: PostgresBinaries, runner: Runner): Promise<Cluster> {
  const data = join(directory, "data");
  const passwordFile = join(directory, "password");
  if (existsSync(data)) return { data, password: (await readFile(passwordFile, "utf8")).trim() };

  // Made aside and moved into place: an interrupted first start leaves nothing that looks finished.
  const unfinished = join(directory, "data.new");
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const password = randomBytes(18).toString("base64url");
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (runner.owner !== null) {
    const { uid, gid } = runner.owner;
    await Promise.all([unfinished, passwordFile].map((path) => chown(path, uid, gid)));
  }
  const { command, args } = runner.command(binaries.initdb, [
    `--pgdata=${unfinished}`,
    "--username=postgres",
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-sync",
    ...QUICK_PASSWORDS,
  ]);
  await runToEnd({ command, args, logFile: join(directory, "initdb.log") });
  await rename(unfinished, data);
  return { data, password };
}
