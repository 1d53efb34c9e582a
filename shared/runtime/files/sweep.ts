import type { Context } from "#platform/context";
import { uploadName } from "./upload.ts";

/** How long (ms) an upload waits for a run. A run has its own copy. */
const LIFE_MS = 24 * 60 * 60 * 1000;
const PAGE = 500;

/** Deletes uploads older than 24 hours. Their names sort by age, so that it reads no further than the first young one. */
export async function deleteExpiredUploads(ctx: Context): Promise<void> {
  const oldest = ctx.clock.now() - LIFE_MS;
  for (;;) {
    const { objects, truncated } = await ctx.env.FILES.list({ prefix: uploadName(""), limit: PAGE });
    const expired = objects.filter(({ uploaded }) => uploaded.getTime() < oldest).map(({ key }) => key);
    if (expired.length > 0) await ctx.env.FILES.delete(expired);
    if (!truncated || expired.length < objects.length) return;
  }
}
