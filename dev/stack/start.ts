import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { buildConsole } from "../bundles/console.ts";
import { buildPageClient } from "../bundles/page-client.ts";
import { type FileLock, tryLock } from "../process/file-lock.ts";
import { untilAnswers } from "../process/http-probe.ts";
import { startTurnstile } from "../turnstile/server.ts";
import { banner } from "./banner.ts";
import { devVars, writeDevVars } from "./dev-vars.ts";
import { type RunningDomains, startDomains } from "./domains.ts";
import { untilCheckIsOk } from "./health.ts";
import { migratePlatform } from "./migrations.ts";
import { type InnerPorts, loadInnerPorts, requireFreePorts } from "./ports.ts";
import { startReadiness } from "./readiness.ts";
import { startSchedule } from "./schedule.ts";
import { loadSecrets } from "./secrets.ts";
import { seedDemo } from "./seed.ts";
import { type RunningDatabase, startDatabase, startGateway, startModel } from "./services.ts";
import type { Settings } from "./settings.ts";
import { type Surroundings, startConsole, startWorker } from "./wrangler.ts";

export interface StackOptions {
  readonly settings: Settings;
  readonly say: (line: string) => void;
  /** Something that the stack needs is gone for good. */
  readonly fail: (error: Error) => void;
  readonly signal: AbortSignal;
}

export interface Stack {
  /** Resolves with the banner when everything answers and the demo is there. */
  readonly ready: Promise<string>;
  /** Stops everything, what visitors reach first and the database last. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 120_000;
const LOGS = ["worker", "console", "postgres"];

/** What has been started, in the order in which it is stopped. */
interface Started {
  readonly front: (() => unknown)[];
  readonly services: (() => unknown)[];
  readonly database: (() => unknown)[];
  lock: FileLock | null;
}

export function startStack(options: StackOptions): Stack {
  const started: Started = { front: [], services: [], database: [], lock: null };
  return {
    ready: bringUp(options, started),
    async stop() {
      for (const group of [started.front, started.services, started.database]) await Promise.allSettled(group.map((stop) => stop()));
      await started.lock?.release();
    },
  };
}

async function bringUp(options: StackOptions, started: Started): Promise<string> {
  const { settings, say } = options;
  const startedAt = performance.now();
  const ports = await takeHome(settings, started);
  const surroundings = { say, onGiveUp: options.fail };
  const readiness = await startReadiness();
  started.services.push(readiness.close);
  say(`Starting AgentFlow in ${settings.home} …`);

  const [{ adminUrl, domains }] = await Promise.all([
    bringUpPlatform(options, started, ports, `stack=${readiness.address}`, surroundings),
    bringUpConsole(settings, started, surroundings),
  ]);
  readiness.markReady();
  await untilCheckIsOk(originOf(settings), "stack", READY_TIMEOUT_MS, options.signal);
  const { dns, cloudflareControl } = domains;
  return banner(settings, { adminUrl, dns, cloudflareControl, seconds: (performance.now() - startedAt) / 1000 });
}

/** The database, the servers beside it and the Worker, with the demo apps in place. */
async function bringUpPlatform(
  { settings, say, signal }: StackOptions,
  started: Started,
  ports: InnerPorts,
  healthChecks: string,
  surroundings: Surroundings,
): Promise<{ readonly adminUrl: string; readonly domains: RunningDomains }> {
  const [{ platformUrl, adminUrl }, gatewayOrigin, model, domains, turnstileOrigin, secrets] = await Promise.all([
    bringUpDatabase(settings, started, ports.postgres, surroundings),
    startGateway(settings, ports.gateway).then((gateway) => {
      started.services.push(gateway.stop);
      return gateway.origin;
    }),
    startModel(settings, ports.model).then((model) => {
      started.services.push(model.stop);
      return model;
    }),
    startDomains(settings, ports).then((domains) => {
      started.services.push(domains.stop);
      return domains;
    }),
    startTurnstile({ port: 0 }).then((turnstile) => {
      started.services.push(turnstile.close);
      return turnstile.origin;
    }),
    loadSecrets(settings.home),
    buildPageClient(),
  ]);
  const [dnsAddress] = domains.dns.resolvers;
  const vars = devVars(
    { ...settings, databaseUrl: platformUrl, adminUrl, gatewayOrigin, dnsAddress, domains: domains.vars, turnstileOrigin, model },
    secrets,
  );
  const varsFile = join(settings.home, "dev.vars");
  await writeDevVars(varsFile, vars);
  const worker = await startWorker(
    settings,
    { varsFile, varNames: [...Object.keys(vars), "CLOUDFLARE_API_TOKEN"], healthChecks, cloudflareToken: domains.token },
    surroundings,
  );
  started.front.push(worker.stop);
  const origin = originOf(settings);
  await untilCheckIsOk(origin, "platform_db", READY_TIMEOUT_MS, signal).catch(async (error: Error) => {
    throw new Error(`${error.message}\n${await worker.tail()}`);
  });
  started.front.push(startSchedule(origin, say));
  if (settings.seed === "demo") await seedDemo(origin);
  return { adminUrl, domains };
}

async function bringUpDatabase(settings: Settings, started: Started, port: number, surroundings: Surroundings): Promise<RunningDatabase> {
  const running = await startDatabase(settings, port, surroundings);
  started.database.push(running.stop);
  await migratePlatform(running.platformUrl);
  return running;
}

function originOf(settings: Settings): string {
  return `http://127.0.0.1:${settings.port}`;
}

/** One stack a home: takes its lock, its ports, and puts the last run's logs aside. */
async function takeHome(settings: Settings, started: Started): Promise<InnerPorts> {
  const attempt = await tryLock(join(settings.home, "stack.lock"));
  if (attempt.lock === null) {
    throw new Error(
      `AgentFlow already runs in ${settings.home} (process ${attempt.holder}). Stop it, or choose another folder with AGENTFLOW_HOME.`,
    );
  }
  started.lock = attempt.lock;
  await requireFreePorts({ AGENTFLOW_PORT: settings.port, AGENTFLOW_CONSOLE_PORT: settings.consolePort }, attempt.wasStale);
  const log = (name: string) => join(settings.home, "logs", `${name}.log`);
  await Promise.all(LOGS.filter((name) => existsSync(log(name))).map((name) => rename(log(name), log(`${name}.previous`))));
  return await loadInnerPorts(settings.home);
}

async function bringUpConsole(settings: Settings, started: Started, surroundings: Surroundings): Promise<void> {
  await buildConsole(surroundings.say);
  const running = await startConsole(settings, surroundings);
  started.front.push(running.stop);
  if (!(await untilAnswers(`http://127.0.0.1:${settings.consolePort}/`, READY_TIMEOUT_MS))) {
    throw new Error(`The console does not answer:\n${await running.tail()}`);
  }
}
