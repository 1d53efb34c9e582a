import type { Context } from "#platform/context";
import { billingUsageEvents } from "#platform/schema";
import { openPeriod } from "./periods.ts";

/** Milliseconds between two samples of a database's size. */
const SAMPLE_MS = 3_600_000;

/** Bytes at which a workspace's database takes no more; null where its plan sets no limit, or has a price for what is above it. */
export async function storageAllowance(ctx: Context, workspaceId: string): Promise<number | null> {
  return (await openPeriod(ctx, workspaceId)).limits.db_storage_bytes;
}

/** Adds a sample of a database's size to the ledger: one an hour, however often it is taken. */
export async function recordStorage(ctx: Context, workspaceId: string, bytes: number): Promise<void> {
  const hour = Math.floor(ctx.clock.now() / SAMPLE_MS);
  await ctx.db
    .insert(billingUsageEvents)
    .values({
      id: `${workspaceId}:db_storage_bytes:${hour}`,
      workspaceId,
      appId: null,
      meter: "db_storage_bytes",
      quantity: bytes,
      occurredAt: new Date(hour * SAMPLE_MS),
    })
    .onConflictDoNothing();
}
