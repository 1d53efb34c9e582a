import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { networkName } from "./client-network.ts";

/** Seconds over which the platform's limiter counts (`wrangler.toml`). */
const PERIOD_SECONDS = 10;

/**
 * The first shield, before anything that costs: refuses a network that asks for very many addresses that this isolate does not
 * know. Each of them would be a look-up in KV and in the platform database, and whoever makes addresses up never runs into an
 * app's limits. Counted by the platform at each of its places, without a call and not exactly: it is no limit that anybody is
 * promised. Throws `rate_limited`.
 */
export async function shieldLookUp(ctx: Context, ip: string): Promise<void> {
  const { success } = await ctx.env.LOOK_UPS.limit({ key: await networkName(ctx, ip) });
  if (success) return;
  throw new AppError("rate_limited", "Too many unknown addresses in a short time.", { retryAfter: PERIOD_SECONDS });
}
