import { eq } from "drizzle-orm";
import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { AppError, notFound, validationFailed } from "#platform/errors";
import { auditLogs, billingUsageEvents, type Meter, workspaces } from "#platform/schema";
import { type LedgerEvent, presentEvent } from "./ledger-event.ts";
import { isLevel } from "./rating.ts";

export interface CorrectionRequest {
  /** The caller's own name for the correction: sent again, it is the same one. */
  readonly reference: string;
  readonly meter: Meter;
  /** Units to add to what the ledger holds; negative takes away. Not 0. */
  readonly quantity: number;
  /** Milliseconds since the epoch; which period it belongs to. */
  readonly occurredAt: number;
  readonly reason: string;
  readonly appId?: string | undefined;
  readonly runId?: string | undefined;
}

/**
 * Corrects the ledger by adding to it: what stands there is never changed. A period that was billed already is adjusted on the
 * next invoice. Errors: `not_found`, `validation_failed`, `conflict` (the reference was used for another correction).
 */
export async function correctUsage(ctx: Context, workspaceId: string, request: CorrectionRequest): Promise<LedgerEvent> {
  refuse(ctx, request);
  const { reference, meter, quantity, occurredAt, reason, appId = null, runId = null } = request;
  const id = `${workspaceId}:correction:${reference}`;
  return ctx.transaction(async (tx) => {
    const [workspace] = await tx.select({ id: workspaces.id }).from(workspaces).where(eq(workspaces.id, workspaceId));
    if (!workspace) throw notFound("The workspace");
    const values = { id, workspaceId, appId, executionId: runId, meter, quantity, reason, occurredAt: new Date(occurredAt) };
    const [added] = await tx.insert(billingUsageEvents).values(values).onConflictDoNothing().returning();
    if (added) {
      const after = { meter, quantity, occurred_at: values.occurredAt.toISOString(), reason };
      const target = { workspaceId, targetType: "usage_event", targetId: id };
      await tx.insert(auditLogs).values(auditRow(ctx, { ...target, action: "usage.corrected", after }));
      return presentEvent(added);
    }
    const [existing] = await tx.select().from(billingUsageEvents).where(eq(billingUsageEvents.id, id));
    const isSame =
      existing?.meter === meter &&
      existing.quantity === quantity &&
      existing.occurredAt.getTime() === occurredAt &&
      existing.reason === reason;
    if (!existing || !isSame) throw new AppError("conflict", `reference: ${reference} names another correction already. Give a new one.`);
    return presentEvent(existing);
  });
}

function refuse(ctx: Context, { meter, quantity, occurredAt }: CorrectionRequest): void {
  if (isLevel(meter)) {
    const message = "Storage is the mean of what was measured: it cannot be corrected by adding. Give another meter, or a credit note.";
    throw validationFailed([{ path: "meter", code: "not_correctable", message }]);
  }
  if (quantity === 0)
    throw validationFailed([{ path: "quantity", code: "zero", message: "Give what to add, or (negative) to take away." }]);
  if (occurredAt > ctx.clock.now())
    throw validationFailed([{ path: "occurred_at", code: "in_future", message: "Give a time that is past." }]);
}
