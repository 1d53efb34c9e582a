import { join } from "node:path";
import { OFFLINE_MODEL, startOfflineModel } from "../offline-model/server.ts";
import { type PostgresServer, startPostgres } from "../postgres/server.ts";
import { supervise } from "../process/supervised.ts";
import { startSqlGateway } from "../sql-gateway/server.ts";
import type { StackAddresses } from "./dev-vars.ts";
import type { Settings } from "./settings.ts";
import type { Surroundings } from "./wrangler.ts";

const PLATFORM_DATABASE = "agentflow";

export interface RunningDatabase {
  readonly platformUrl: string;
  readonly adminUrl: string;
  readonly stop: () => Promise<void>;
}

/** The embedded PostgreSQL, kept running; or the one that DATABASE_URL names. */
export async function startDatabase(settings: Settings, port: number, surroundings: Surroundings): Promise<RunningDatabase> {
  if (settings.databaseUrl !== null) {
    return { platformUrl: settings.databaseUrl, adminUrl: settings.databaseUrl, stop: async () => undefined };
  }
  const start = () => startPostgres(join(settings.home, "postgres"), { port, logFile: join(settings.home, "logs", "postgres.log") });
  let first: PostgresServer | undefined = await start();
  const { adminUrl, url } = first;
  const running = await supervise({
    name: "PostgreSQL",
    ...surroundings,
    start: async () => {
      const server = first ?? (await start());
      first = undefined;
      return server.process;
    },
  });
  return { platformUrl: url(PLATFORM_DATABASE), adminUrl, stop: running.stop };
}

/** The SQL gateway. A database at Neon is reached without it, as in production. */
export async function startGateway(settings: Settings, port: number): Promise<{ origin: string; stop: () => Promise<void> }> {
  const servers = [settings.databaseUrl, settings.mysqlUrl].filter((url) => url !== null);
  const gateway = await startSqlGateway({ port, servers, mysqlUrl: settings.mysqlUrl ?? undefined });
  const isNeon = settings.databaseUrl !== null && new URL(settings.databaseUrl).hostname.endsWith(".neon.tech");
  return { origin: isNeon ? "" : gateway.origin, stop: gateway.close };
}

/** The model of OPENAI_API_KEY, or the offline one. */
export async function startModel(settings: Settings, port: number): Promise<StackAddresses["model"] & { stop: () => Promise<void> }> {
  if (settings.model !== null) return { ...settings.model, kind: "live", stop: async () => undefined };
  const model = await startOfflineModel({ port });
  return { baseUrl: model.baseUrl, apiKey: "offline", name: OFFLINE_MODEL, kind: "offline", stop: model.close };
}
