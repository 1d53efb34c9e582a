import { admitRequest } from "#billing";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { quotaMessage, secondsUntil } from "./admission/headers.ts";

/**
 * Takes one request out of the workspace's quota and the app's budget, as the ledger will count it once the run is on record;
 * gives what hands it back. For runs that no visitor asks for: limits are for visitors. Throws `quota_exceeded`.
 */
export async function takeRequest(ctx: Context, workspaceId: string, appId: string): Promise<() => void> {
  const take = await admitRequest(ctx, workspaceId, appId);
  if (take.ok) return take.refund;
  throw new AppError("quota_exceeded", quotaMessage(take.of), { retryAfter: secondsUntil(take.resetMs) });
}
