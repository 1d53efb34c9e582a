import type { Context } from "#platform/context";
import type { PoolMetricsView } from "#platform/objects/database-pool";
import { readReadyRow } from "../provisioning/credentials.ts";
import { askPool } from "./pool-client.ts";

/**
 * What has gone through the pool of a workspace's database since the pool was begun, which an idle one is anew. Throws
 * invalid_state when there is no database that is ready.
 */
export async function readPoolMetrics(ctx: Context, workspaceId: string): Promise<PoolMetricsView> {
  await readReadyRow(ctx, workspaceId);
  return askPool(ctx, workspaceId, (pool) => pool.metrics(workspaceId));
}
