import type { Context } from "#platform/context";
import type { Env } from "#platform/env";
import type { Engines } from "../engines/engine.ts";
import { createMysqlProvider } from "./mysql-provider.ts";
import { createNeonProvider } from "./neon-provider.ts";
import { createPlanetscaleProvider } from "./planetscale-provider.ts";
import { createPostgresProvider } from "./postgres-provider.ts";
import { createPostgresRoles } from "./postgres-roles.ts";
import type { EngineName, Provider } from "./provider.ts";

/** Where workspace databases can be made, and the kind of server that each makes. */
export const PROVIDER_ENGINES = { postgres: "postgres", mysql: "mysql", neon: "postgres", planetscale: "mysql" } as const satisfies Record<
  string,
  EngineName
>;
export type ProviderName = keyof typeof PROVIDER_ENGINES;

export const DATABASE_PROVIDERS = ["postgres", "mysql", "neon", "planetscale"] as const satisfies readonly ProviderName[];

export type Providers = Readonly<Partial<Record<ProviderName, Provider>>>;

/** Whether a deployment is set up for a provider. */
export function isConfigured(env: Env, provider: ProviderName): boolean {
  switch (provider) {
    case "postgres":
      return env.WORKSPACE_DATABASE_ADMIN_URL !== "";
    case "mysql":
      return Boolean(env.MYSQL_URL);
    case "neon":
      return Boolean(env.NEON_API_KEY);
    case "planetscale":
      return Boolean(env.PLANETSCALE_ORG && env.PLANETSCALE_SERVICE_TOKEN_ID && env.PLANETSCALE_SERVICE_TOKEN);
  }
}

/** Where a workspace's database is made when nobody says where. */
export function defaultProvider({ DEFAULT_DATABASE_PROVIDER: name }: Env): ProviderName {
  return DATABASE_PROVIDERS.find((provider) => provider === name) ?? "postgres";
}

/** Every provider that a deployment is set up for. */
export function createProviders(ctx: Pick<Context, "env" | "clock" | "random">, engines: Engines): Providers {
  const { env, clock, random } = ctx;
  return {
    ...(isConfigured(env, "postgres") && { postgres: createPostgresProvider(env.WORKSPACE_DATABASE_ADMIN_URL, engines.postgres.driver) }),
    ...(env.MYSQL_URL && { mysql: createMysqlProvider(env.MYSQL_URL, engines.mysql.driver) }),
    ...(env.NEON_API_KEY && {
      neon: createNeonProvider({
        apiKey: env.NEON_API_KEY,
        ...(env.NEON_ORG_ID && { orgId: env.NEON_ORG_ID }),
        ...(env.NEON_API_URL && { baseUrl: env.NEON_API_URL }),
        roles: createPostgresRoles(engines.postgres.driver),
        clock,
        random,
      }),
    }),
    ...(env.PLANETSCALE_ORG &&
      env.PLANETSCALE_SERVICE_TOKEN_ID &&
      env.PLANETSCALE_SERVICE_TOKEN && {
        planetscale: createPlanetscaleProvider({
          organization: env.PLANETSCALE_ORG,
          tokenId: env.PLANETSCALE_SERVICE_TOKEN_ID,
          token: env.PLANETSCALE_SERVICE_TOKEN,
          ...(env.PLANETSCALE_CLUSTER_SIZE && { clusterSize: env.PLANETSCALE_CLUSTER_SIZE }),
          ...(env.PLANETSCALE_API_URL && { baseUrl: env.PLANETSCALE_API_URL }),
          clock,
          random,
        }),
      }),
  };
}
