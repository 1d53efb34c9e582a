import { z } from "zod";
import { createContext } from "#platform/context";
import type { Env } from "#platform/env";
import { createEngines } from "../engines/engine.ts";
import { createProviders } from "../providers/configured.ts";
import { Provisioner } from "../provisioning/provisioner.ts";
import { WorkspacePool } from "./pool.ts";

const sizeSchema = z.coerce.number().int().min(1).max(64).catch(8);

/** Statements that one workspace runs at once: as the operator says, else 8. */
const poolSize = ({ DATABASE_POOL_SIZE }: Env): number => sizeSchema.parse(DATABASE_POOL_SIZE);

/** A workspace's pool as a deployment runs it: with every provider that the environment is set up for. */
export function createWorkspacePool(env: Env, waitUntil: (work: Promise<unknown>) => void): WorkspacePool {
  const ctx = createContext(env, { actor: { type: "system", name: "database-pool" }, waitUntil });
  const engines = createEngines(env);
  return new WorkspacePool({
    ctx,
    size: poolSize(env),
    provisioner: new Provisioner({ ctx, engines, providers: createProviders(ctx, engines) }),
  });
}
