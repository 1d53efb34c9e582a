import { createContext } from "#platform/context";
import type { Env } from "#platform/env";
import { createNeonDriver } from "./neon-driver.ts";
import { WorkspacePool } from "./pool.ts";
import { createPostgresProvider } from "./postgres-provider.ts";

/** A workspace's pool as a deployment runs it: Neon's protocols, and workspace databases on the configured server. */
export function createWorkspacePool(env: Env, waitUntil: (work: Promise<unknown>) => void): WorkspacePool {
  const driver = createNeonDriver(env);
  return new WorkspacePool({
    ctx: createContext(env, { actor: { type: "system", name: "database-pool" }, waitUntil }),
    driver,
    provider: createPostgresProvider(env.WORKSPACE_DATABASE_ADMIN_URL, driver),
  });
}
