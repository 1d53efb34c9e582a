import { admitRequest } from "#billing";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";

/**
 * Takes one request out of the workspace's quota, as the ledger will count it once the run is on record; gives what hands it
 * back. For runs that no visitor asks for: limits are for visitors. Throws `quota_exceeded`.
 */
export async function takeRequest(ctx: Context, workspaceId: string): Promise<() => void> {
  const take = await admitRequest(ctx, workspaceId);
  if (take.ok) return take.refund;
  throw new AppError("quota_exceeded", "The quota of this app's workspace is used up.", { retryAfter: Math.ceil(take.resetMs / 1_000) });
}
