import type { billingUsageEvents, Meter } from "#platform/schema";

/** An event of the ledger as the members' API shows it. */
export interface LedgerEvent {
  readonly id: string;
  readonly run_id: string | null;
  readonly app_id: string | null;
  readonly meter: Meter;
  readonly quantity: number;
  /** Why a correction was made; null: something was used. */
  readonly reason: string | null;
  readonly occurred_at: string;
  readonly recorded_at: string;
}

export function presentEvent(row: Omit<typeof billingUsageEvents.$inferSelect, "position" | "workspaceId">): LedgerEvent {
  return {
    id: row.id,
    run_id: row.executionId,
    app_id: row.appId,
    meter: row.meter,
    quantity: row.quantity,
    reason: row.reason,
    occurred_at: row.occurredAt.toISOString(),
    recorded_at: row.recordedAt.toISOString(),
  };
}
