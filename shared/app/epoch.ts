import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";

/**
 * Tells the app's own limiter that what visitors get has changed, which is what makes cached routes give way. To be
 * awaited after the change is committed. Announcing the same epoch again, or an older one, changes nothing.
 * @throws `upstream_unavailable`: the change is made, but not yet in force everywhere; repeat the request.
 */
export async function announceEpoch(ctx: Context, appId: string, epoch: number): Promise<void> {
  try {
    await ctx.env.RATE_LIMITER.getByName(`app:${appId}`).raiseEpoch(epoch);
  } catch (error) {
    throw new AppError("upstream_unavailable", "The change is saved but not yet in force everywhere. Repeat the request.", {
      cause: error,
    });
  }
}
