import { and, eq } from "drizzle-orm";
import { appTriggerConfigSchema, fillInputs, readFiringTrigger, scheduleConfigSchema, type TriggerRow } from "#app";
import { getRun } from "#execution";
import type { Context } from "#platform/context";
import { AppError, type ErrorCode, errorCode, errorMessage } from "#platform/errors";
import { fullJitter } from "#platform/retry";
import { deliveries, deliveryAttempts } from "#platform/schema";
import { sendCallback } from "./callback.ts";
import { type DeliveryRow, offerLater } from "./deliveries.ts";
import { type Firing, startTriggered } from "./start.ts";

/** Attempts at starting a run. */
const START_ATTEMPTS = 8;
const START_BACKOFF = { base: 2_000, cap: 600_000 };
/** Milliseconds before each further attempt at a callback. */
const CALLBACK_WAITS = [5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000, 86_400_000];

/** Codes of failures that another attempt will not mend soon. */
const PERMANENT: ReadonlySet<ErrorCode> = new Set(["not_found", "not_available", "validation_failed", "not_implemented", "quota_exceeded"]);

/** What came of one attempt. `status` is the far side's, where there is one and it answered. */
export type Attempted = { readonly ok: true; readonly status?: number } | FailedAttempt;

interface FailedAttempt {
  readonly ok: false;
  readonly permanent: boolean;
  /** For the workspace's members. */
  readonly error: string;
  readonly status?: number;
  /** Milliseconds that the far side asks to be left alone for. */
  readonly retryAfterMs?: number;
}

/**
 * Does what a row says is owed, once. Repeating it is harmless, and so is word of an attempt that was made before. A failure is
 * the row's; only when it cannot be read or written is it thrown.
 */
export async function deliver(ctx: Context, { id, attempt }: { readonly id: string; readonly attempt: number }): Promise<void> {
  const [row] = await ctx.db.select().from(deliveries).where(eq(deliveries.id, id));
  if (row?.status !== "due" || row.attempts !== attempt) return;
  const begun = ctx.clock.now();
  const attempted = row.kind === "callback" ? await sendCallback(ctx, row) : await startOwed(ctx, row);
  await record(ctx, row, attempted, begun);
}

async function startOwed(ctx: Context, row: DeliveryRow): Promise<Attempted> {
  try {
    await startTriggered(ctx, await firingOf(ctx, row));
    return { ok: true };
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) ctx.log.error("a trigger could not be fired", error, { delivery_id: row.id });
    const shown = code === undefined ? "The run could not be started." : errorMessage(error);
    return { ok: false, permanent: code !== undefined && PERMANENT.has(code), error: shown };
  }
}

async function firingOf(ctx: Context, row: DeliveryRow): Promise<Firing> {
  const trigger = row.triggerId === null ? null : await readFiringTrigger(ctx, row.workspaceId, row.triggerId);
  if (trigger === null) throw new AppError("not_found", "The trigger has been deleted.");
  const common = { trigger, key: row.id, place: "local" };
  if (row.kind === "app") return { ...common, ...(await followedBy(ctx, trigger, row)) };
  const { inputs } = scheduleConfigSchema.parse(trigger.config);
  return { ...common, inputs: await fillInputs(inputs, { schedule: row.payload }) };
}

/** What the end of another app's run gives. */
async function followedBy(ctx: Context, { config }: TriggerRow, row: DeliveryRow): Promise<Pick<Firing, "inputs" | "parentId">> {
  const { id, status, outputs } = await getRun(ctx, row.workspaceId, row.executionId ?? "");
  const { inputs } = appTriggerConfigSchema.parse(config);
  const given: Record<string, unknown> = typeof outputs === "object" && outputs !== null ? { ...outputs } : {};
  return { inputs: inputs ? await fillInputs(inputs, { outputs: given, run: { id, status } }) : given, parentId: id };
}

async function record(ctx: Context, row: DeliveryRow, attempted: Attempted, begun: number): Promise<void> {
  const now = ctx.clock.now();
  const attempts = row.attempts + 1;
  const next = attempted.ok ? null : nextAttempt(ctx, row, attempted, attempts);
  const status = attempted.ok ? ("done" as const) : next === null ? ("dead" as const) : ("due" as const);
  const error = attempted.ok ? null : attempted.error;
  const dueAt = next === null ? {} : { dueAt: new Date(now + next) };
  const [updated] = await ctx.db.batch([
    ctx.db
      .update(deliveries)
      .set({ status, attempts, error, updatedAt: new Date(now), ...dueAt })
      // Of two attempts at once, the first to be written counts.
      .where(and(eq(deliveries.id, row.id), eq(deliveries.attempts, row.attempts)))
      .returning({ id: deliveries.id, attempts: deliveries.attempts }),
    ctx.db
      .insert(deliveryAttempts)
      .values({
        deliveryId: row.id,
        attempt: attempts,
        workspaceId: row.workspaceId,
        status: attempted.status ?? null,
        error,
        durationMs: Math.max(0, now - begun),
        attemptedAt: new Date(begun),
      })
      .onConflictDoNothing(),
  ]);
  const [changed] = updated;
  if (next !== null && changed) await offerLater(ctx, changed, next);
}

/** Milliseconds until the next attempt; `null` when there is none. */
function nextAttempt(ctx: Context, { kind }: DeliveryRow, failed: FailedAttempt, attempts: number): number | null {
  if (failed.permanent) return null;
  if (kind !== "callback") return attempts >= START_ATTEMPTS ? null : fullJitter(attempts, START_BACKOFF, ctx.random);
  const wait = CALLBACK_WAITS[attempts - 1];
  return wait === undefined ? null : Math.max(failed.retryAfterMs ?? 0, wait * (0.8 + 0.4 * ctx.random.float()));
}
