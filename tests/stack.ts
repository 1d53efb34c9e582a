import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { isMysqlAvailable, startMysql } from "../dev/mysql/server.ts";

/** Addresses of the local stack that a test run has started for itself. */
export interface StackAddresses {
  readonly api: string;
  readonly console: string;
  /** Admin connection string of the embedded PostgreSQL, without a database name. */
  readonly postgres: string;
  /** Admin connection string of a MySQL server that workspace databases may be made on; `null` where there is none. */
  readonly mysql: string | null;
  /** The one port of this machine that workflows may call, as `127.0.0.1` and as `localhost`; for a test's own server. */
  readonly farPort: number;
  /** Where records of the local DNS server are added and taken away, and the port of that server. */
  readonly dnsRecords: string;
  readonly dnsPort: number;
  /** Where the double of Cloudflare's API is told what to do. */
  readonly cloudflare: string;
  /** Process id of the supervisor. */
  readonly pid: number;
  /** Folder of everything that the stack keeps: databases, objects, logs. */
  readonly home: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    stack: StackAddresses;
  }
}

/** Names that lead inside, for the guard of outgoing addresses to find out. */
const PLANTED_NAMES = [
  "loopback.example.test=127.0.0.1",
  "network.example.test=10.0.0.1",
  "six.example.test=::1",
  "mixed.example.test=93.184.216.34",
  "mixed.example.test=169.254.169.254",
  "alias.example.test=network.example.test",
  "chain.example.test=alias.example.test",
  "metadata.example.test=169.254.169.254",
  "mapped.example.test=::ffff:10.0.0.1",
  "local.example.test=fd12::1",
  "nat64.example.test=64:ff9b::a00:1",
  "half.example.test=93.184.216.34",
  "half.example.test=fe80::1",
  "inside.example.test=db.internal",
  // Stands for itself, which no resolver follows to an end.
  "failing.example.test=failing.example.test",
];

const READY_WITHIN = 150_000;

export interface RunningStack extends StackAddresses {
  readonly stop: () => Promise<void>;
}

/** Starts a stack once for all tests of a project. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = mkdtempSync(join(tmpdir(), "agentflow-"));
  const mysql = isMysqlAvailable() ? await startMysql(join(home, "mysql")) : null;
  const { stop, ...addresses } = await startStack(home, mysql?.adminUrl ?? null);
  project.provide("stack", addresses);
  return async () => {
    await stop();
    await mysql?.stop();
    rmSync(home, { recursive: true, force: true });
  };
}

/** Starts the very stack that `npm run dev` starts, with ports of its own. */
export async function startStack(home: string, mysql: string | null = null): Promise<RunningStack> {
  const [apiPort, consolePort, farPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const child = spawn(process.execPath, ["dev/stack.ts"], {
    env: {
      ...process.env,
      AGENTFLOW_HOME: home,
      AGENTFLOW_PORT: String(apiPort),
      AGENTFLOW_CONSOLE_PORT: String(consolePort),
      OPENAI_API_KEY: "",
      CLOUDFLARE_API_TOKEN: "",
      CLOUDFLARE_ZONE_ID: "",
      DOMAIN_TARGET: "",
      DATABASE_URL: "",
      MYSQL_URL: mysql ?? "",
      AGENTFLOW_OUTGOING_ALLOW: `127.0.0.1:${farPort},localhost:${farPort}`,
      AGENTFLOW_DNS_RECORDS: PLANTED_NAMES.join(","),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
  const api = `http://127.0.0.1:${apiPort}`;
  try {
    await ready(child, api);
  } catch (error) {
    await stop(child);
    throw new Error(`the stack did not start:\n${Buffer.concat(output).toString()}`, { cause: error });
  }
  const postgres = /postgresql:\/\/\S+/.exec(Buffer.concat(output).toString())?.[0];
  if (postgres === undefined) throw new Error("the stack did not print the address of its PostgreSQL");
  const { dns, records, cloudflare } = JSON.parse(readFileSync(join(home, "ports.json"), "utf8"));
  return {
    api,
    console: `http://127.0.0.1:${consolePort}`,
    postgres,
    mysql,
    farPort,
    dnsRecords: `http://127.0.0.1:${records}/records`,
    dnsPort: dns,
    cloudflare: `http://127.0.0.1:${cloudflare}/__control`,
    pid: child.pid ?? 0,
    home,
    stop: () => stop(child),
  };
}

async function ready(child: ChildProcess, api: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    const response = await fetch(`${api}/healthz`).catch(() => null);
    await response?.body?.cancel();
    if (response?.status === 200) return requireDemo(api);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`it was not ready within ${READY_WITHIN / 1000} s`);
}

/** A healthy stack serves the demo app from its first moment on. */
async function requireDemo(api: string): Promise<void> {
  const response = await fetch(`${api}/demo/lead-desk/schema`);
  await response.body?.cancel();
  if (response.status !== 200) throw new Error(`the demo app answered ${response.status} although /healthz was 200`);
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}

/** Kills every process of a program (such as `workerd`) among the descendants of `ancestor`, without a word. */
export function killAll(ancestor: number, program: string): void {
  for (const pid of descendants([ancestor], program)) kill(pid);
}

/** Kills what runs the Worker; what listens in front of it, which takes longer to come back and has nothing to lose, stays. */
export function killWorker(ancestor: number): void {
  for (const pid of descendants(descendants([ancestor], "", "wrangler-dist/cli.js dev "), "workerd", "--debug-port")) kill(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // One that ended by itself meanwhile, as a runtime does whose parent is gone.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** The processes below these; only those of a program, and started with these words, where they are given. */
function descendants(ancestors: readonly number[], program = "", words = ""): number[] {
  const rows = execFileSync("ps", ["-eo", "pid=,ppid=,comm=,args="], { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const found: number[] = [];
  const queue = ancestors.map(String);
  for (let parent = queue.shift(); parent !== undefined; parent = queue.shift()) {
    for (const [pid, ppid, name, ...command] of rows) {
      if (ppid !== parent || pid === undefined) continue;
      queue.push(pid);
      if ((program === "" || name === program) && command.join(" ").includes(words)) found.push(Number(pid));
    }
  }
  return found;
}
