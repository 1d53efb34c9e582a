import { and, asc, eq } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { deliveries, deliveryAttempts } from "#platform/schema";
import type { DeliveryRow } from "./deliveries.ts";

/** A callback of a run, and what came of each attempt at it. */
export interface CallbackView {
  readonly id: string;
  readonly url: string;
  readonly status: DeliveryRow["status"];
  readonly error: string | null;
  /** When it is tried next. */
  readonly due_at: string | null;
  readonly attempts: {
    readonly attempt: number;
    readonly status: number | null;
    readonly error: string | null;
    readonly duration_ms: number;
    readonly attempted_at: string;
  }[];
}

const urlSchema = z.object({ url: z.string() });

/** The callbacks of a run, with their attempts. */
export async function listCallbacks(ctx: Context, workspaceId: string, runId: string): Promise<CallbackView[]> {
  const id = `${runId}:callback`;
  const [[row], attempts] = await Promise.all([
    ctx.db
      .select()
      .from(deliveries)
      .where(and(eq(deliveries.workspaceId, workspaceId), eq(deliveries.id, id))),
    ctx.db
      .select()
      .from(deliveryAttempts)
      .where(and(eq(deliveryAttempts.workspaceId, workspaceId), eq(deliveryAttempts.deliveryId, id)))
      .orderBy(asc(deliveryAttempts.attempt)),
  ]);
  if (!row) return [];
  return [
    {
      id,
      url: urlSchema.parse(row.payload).url,
      status: row.status,
      error: row.error,
      due_at: row.status === "due" ? row.dueAt.toISOString() : null,
      attempts: attempts.map(({ attempt, status, error, durationMs, attemptedAt }) => ({
        attempt,
        status,
        error,
        duration_ms: durationMs,
        attempted_at: attemptedAt.toISOString(),
      })),
    },
  ];
}
