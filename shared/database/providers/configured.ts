import type { Env } from "#platform/env";
import type { Engines } from "../engines/engine.ts";
import { createMysqlProvider } from "./mysql-provider.ts";
import { createPostgresProvider } from "./postgres-provider.ts";
import type { EngineName, Provider } from "./provider.ts";

/** Where workspace databases can be made, and the kind of server that each makes. */
export const PROVIDER_ENGINES = { postgres: "postgres", mysql: "mysql", neon: "postgres", planetscale: "mysql" } as const satisfies Record<
  string,
  EngineName
>;
export type ProviderName = keyof typeof PROVIDER_ENGINES;

export const DATABASE_PROVIDERS = ["postgres", "mysql", "neon", "planetscale"] as const satisfies readonly ProviderName[];

export type Providers = Readonly<Partial<Record<ProviderName, Provider>>>;

/** The providers that a deployment is set up for. */
export function isConfigured(env: Pick<Env, "WORKSPACE_DATABASE_ADMIN_URL" | "MYSQL_URL">, provider: ProviderName): boolean {
  switch (provider) {
    case "postgres":
      return env.WORKSPACE_DATABASE_ADMIN_URL !== "";
    case "mysql":
      return Boolean(env.MYSQL_URL);
    default:
      return false;
  }
}

/** Every provider that a deployment is set up for. */
export function createProviders(env: Env, engines: Engines): Providers {
  return {
    ...(isConfigured(env, "postgres") && { postgres: createPostgresProvider(env.WORKSPACE_DATABASE_ADMIN_URL, engines.postgres.driver) }),
    ...(env.MYSQL_URL && { mysql: createMysqlProvider(env.MYSQL_URL, engines.mysql.driver) }),
  };
}
