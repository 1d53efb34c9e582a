import { createContext } from "#platform/context";
import type { Env } from "#platform/env";
import { createEngines } from "../engines/engine.ts";
import { createProviders } from "../providers/configured.ts";
import { Provisioner } from "../provisioning/provisioner.ts";
import { WorkspacePool } from "./pool.ts";

/** A workspace's pool as a deployment runs it: with every provider that the environment is set up for. */
export function createWorkspacePool(env: Env, waitUntil: (work: Promise<unknown>) => void): WorkspacePool {
  const ctx = createContext(env, { actor: { type: "system", name: "database-pool" }, waitUntil });
  const engines = createEngines(env);
  return new WorkspacePool({ ctx, provisioner: new Provisioner({ ctx, engines, providers: createProviders(ctx, engines) }) });
}
