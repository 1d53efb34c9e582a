import { mkdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { consoleFolder } from "../bundles/console-folder.ts";
import { startProcess } from "../process/managed-process.ts";
import { type Supervised, supervise } from "../process/supervised.ts";
import { inRepository, program } from "../repository.ts";
import { STAND_IN_KEYS } from "../turnstile/server.ts";
import type { Settings } from "./settings.ts";

export interface Surroundings {
  readonly say: (line: string) => void;
  readonly onGiveUp: (error: Error) => void;
}

/** Serves the Worker by `wrangler dev`; its objects and caches keep their state in the home. */
export function startWorker(
  settings: Settings,
  files: {
    readonly varsFile: string;
    readonly varNames: readonly string[];
    readonly healthChecks: string;
    readonly cloudflareToken: string;
  },
  surroundings: Surroundings,
): Promise<Supervised> {
  // wrangler refuses to start without the folder, which is empty when there is nothing to serve.
  mkdirSync(inRepository("build/assets"), { recursive: true });
  return supervise({
    name: "The Worker",
    ...surroundings,
    port: settings.port,
    start: async () => {
      await forgetEntry(settings.home, "agentflow");
      return await startProcess({
        command: program("wrangler"),
        args: [
          "dev",
          ...["--config", inRepository("wrangler.toml")],
          ...["--env-file", files.varsFile],
          ...["--var", `HEALTH_CHECKS:${files.healthChecks}`],
          // Of the file, wrangler takes what the configuration names; these need not be there, so it names them not.
          ...(settings.mysqlUrl === null ? [] : ["--var", `MYSQL_URL:${settings.mysqlUrl}`]),
          ...["--var", `CLOUDFLARE_API_TOKEN:${files.cloudflareToken}`],
          ...["--var", `TURNSTILE_SECRET_KEY:${STAND_IN_KEYS.secretKey}`],
          ...["--persist-to", join(settings.home, "wrangler")],
          ...commonFlags(settings.port),
        ],
        cwd: inRepository(),
        // Variables of the user's shell would win over those of the file.
        env: environment(settings.home, files.varNames),
        logFile: join(settings.home, "logs", "worker.log"),
        stopSignal: "SIGINT",
      });
    },
  });
}

/** Serves the console's build by `wrangler pages dev`; it finds the Worker by the dev registry of this home. */
export async function startConsole(settings: Settings, surroundings: Surroundings): Promise<Supervised> {
  const folder = await consoleFolder(join(settings.home, "console"));
  return await supervise({
    name: "The console",
    ...surroundings,
    port: settings.consolePort,
    start: async () => {
      await forgetEntry(settings.home, "agentflow-console");
      return await startProcess({
        command: program("wrangler"),
        args: ["pages", "dev", ...["--persist-to", join(folder, "state")], ...commonFlags(settings.consolePort)],
        cwd: folder,
        env: environment(settings.home, []),
        logFile: join(settings.home, "logs", "console.log"),
        stopSignal: "SIGINT",
      });
    },
  });
}

/** What a killed wrangler left in the dev registry would be believed for a minute, and the new one not be found. */
async function forgetEntry(home: string, worker: string): Promise<void> {
  await rm(join(registryOf(home), worker), { force: true });
}

function registryOf(home: string): string {
  return join(home, "registry");
}

function commonFlags(port: number): readonly string[] {
  return [...["--ip", "127.0.0.1"], ...["--port", String(port)], ...["--inspector-port", "0"], "--show-interactive-dev-session=false"];
}

function environment(home: string, without: readonly string[]): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !without.includes(name))),
    // Two stacks on one machine must not find each other's Workers.
    WRANGLER_REGISTRY_PATH: registryOf(home),
    WRANGLER_LOG_PATH: join(home, "logs", "wrangler"),
    WRANGLER_SEND_METRICS: "false",
    // It would keep the address of every call, with the secrets in it.
    X_LOCAL_OBSERVABILITY: "false",
    CI: "1",
    NO_COLOR: "1",
  };
}
