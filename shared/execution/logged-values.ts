import { and, eq } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { AppError, notFound } from "#platform/errors";
import { nodeLogs } from "#platform/schema";

/** The two values of a node log. */
export const LOGGED_SIDES = ["inputs", "outputs"] as const;
export type LoggedSide = (typeof LOGGED_SIDES)[number];

/** Where a value is kept that is too large for its log. */
export interface ValuePlace {
  readonly runId: string;
  /** Number of the node in the order of starting. */
  readonly seq: number;
  readonly side: LoggedSide;
}

/** How long (ms) large values are kept. */
const LIFE_MS = 30 * 24 * 3_600_000;
const FOLDER = "logs/";
/** Names read at once: the most that there are of one reading. */
const PAGE = 1_000;

/** The runs' ids come first, so that names sort by age, whosever runs they are. */
function nameOf({ runId, seq, side }: ValuePlace): string {
  return `${FOLDER}${runId}/${seq}/${side}`;
}

/** Keeps the whole of a value, as its log would show it, as JSON. Repeating it is harmless. */
export async function keepLoggedValue(ctx: Context, workspaceId: string, place: ValuePlace, json: string): Promise<void> {
  await ctx.env.FILES.put(nameOf(place), json, {
    httpMetadata: { contentType: "application/json" },
    customMetadata: { workspace_id: workspaceId },
  });
}

const cutSchema = z.object({ truncated: z.literal(true), bytes: z.number(), preview: z.string() });

/**
 * The whole of a value in a node log, as JSON. Throws `not_found` where there is no such log, and `not_available` for the rest of
 * a large value that is kept no longer.
 */
export async function readLoggedValue(ctx: Context, workspaceId: string, place: ValuePlace): Promise<ReadableStream<Uint8Array> | string> {
  const kept = await ctx.env.FILES.get(nameOf(place));
  if (kept && kept.customMetadata?.["workspace_id"] === workspaceId) return kept.body;
  await kept?.body.cancel();
  const [log] = await ctx.db
    .select({ inputs: nodeLogs.inputs, outputs: nodeLogs.outputs })
    .from(nodeLogs)
    .where(and(eq(nodeLogs.workspaceId, workspaceId), eq(nodeLogs.executionId, place.runId), eq(nodeLogs.seq, place.seq)))
    .limit(1);
  if (!log) throw notFound("The node log");
  const value = log[place.side];
  if (cutSchema.safeParse(value).success) throw new AppError("not_available", "Of this value, only the beginning in its log is left.");
  return JSON.stringify(value ?? null);
}

/** Deletes large values older than 30 days. It reads no further than the first page without one. */
export async function deleteExpiredValues(ctx: Context, limit = PAGE): Promise<void> {
  const oldest = ctx.clock.now() - LIFE_MS;
  for (;;) {
    const { objects, truncated } = await ctx.env.FILES.list({ prefix: FOLDER, limit });
    const expired = objects.filter(({ uploaded }) => uploaded.getTime() < oldest).map(({ key }) => key);
    if (expired.length > 0) await ctx.env.FILES.delete(expired);
    if (!truncated || expired.length === 0) return;
  }
}
