import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import type { Transaction } from "#platform/db";
import { billingUsageEvents, usageHours, usageWatermark } from "#platform/schema";

/** Events added up in one transaction, or as many more as were recorded together with the last of them. */
const EVENTS_AT_ONCE = 20_000;
/** Transactions a call. */
const ROUNDS = 50;

/**
 * Adds up what was recorded since the last time, into hours. Events have the number of the transaction that recorded them, and
 * below the oldest transaction that is still running all are complete: so an event that is committed late is never passed
 * over. Can be repeated, interrupted anywhere, and run beside itself.
 */
export async function aggregateUsage(ctx: Context): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    if (!(await ctx.transaction(aggregateOnce))) return;
  }
}

/** Adds up the next events; `true` when there may be more. */
async function aggregateOnce(tx: Transaction): Promise<boolean> {
  const [watermark] = await tx.select().from(usageWatermark).for("update");
  if (!watermark) throw new Error("the watermark is not seeded");
  const { position: from, ahead } = watermark;
  // Read by a statement of its own, so that its snapshot is not older than the lock.
  const { horizon, next } = await readBounds(tx, from, ahead);
  if (from > horizon) {
    await startOver(tx, from);
    return true;
  }
  const to = next === null ? horizon : next + 1n;
  await addUp(tx, from, to);
  await tx.update(usageWatermark).set({ position: to });
  return to < horizon;
}

const boundsSchema = z.tuple([z.object({ horizon: z.coerce.bigint(), next: z.coerce.bigint().nullable() })]);

/** Up to where all events are complete, and where the step ends that takes as many as are added up at once. */
async function readBounds(tx: Transaction, from: bigint, ahead: bigint): Promise<{ horizon: bigint; next: bigint | null }> {
  const { position } = billingUsageEvents;
  const { rows } = await tx.execute(sql`
    WITH horizon AS (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + ${ahead} AS position)
    SELECT horizon.position AS horizon, (
      SELECT ${position} FROM ${billingUsageEvents} WHERE ${position} >= ${from} AND ${position} < horizon.position
      ORDER BY ${position} OFFSET ${EVENTS_AT_ONCE - 1} LIMIT 1
    ) AS next
    FROM horizon`);
  return boundsSchema.parse(rows)[0];
}

/** Makes the hours that the events in [from, to) fall into, each from all its events below `to`. */
async function addUp(tx: Transaction, from: bigint, to: bigint): Promise<void> {
  const { workspaceId, appId, meter, occurredAt, quantity, position } = billingUsageEvents;
  await tx.execute(sql`
    INSERT INTO ${usageHours} (workspace_id, app_id, meter, hour, quantity, events, watermark)
    SELECT touched.workspace_id, touched.app_id, touched.meter, touched.hour, sum(${quantity}), count(*), ${to}::bigint
    FROM (
      SELECT DISTINCT ${workspaceId} AS workspace_id, ${appId} AS app_id, ${meter} AS meter, date_trunc('hour', ${occurredAt}, 'UTC') AS hour
      FROM ${billingUsageEvents} WHERE ${position} >= ${from} AND ${position} < ${to}
    ) AS touched
    JOIN ${billingUsageEvents} ON ${workspaceId} = touched.workspace_id AND ${meter} = touched.meter
      AND ${occurredAt} >= touched.hour AND ${occurredAt} < touched.hour + interval '1 hour'
      AND ${appId} IS NOT DISTINCT FROM touched.app_id AND ${position} < ${to}
    GROUP BY 1, 2, 3, 4
    ON CONFLICT ON CONSTRAINT usage_hours_key DO UPDATE
      SET quantity = excluded.quantity, events = excluded.events, watermark = excluded.watermark`);
}

/**
 * The database was moved to a server whose transactions have lower numbers: positions are counted on from the highest one, and
 * the hours are made anew. Until then they are read from the ledger itself.
 */
async function startOver(tx: Transaction, watermark: bigint): Promise<void> {
  const { position } = billingUsageEvents;
  const ahead = sql`greatest(${watermark}, (SELECT max(${position}) FROM ${billingUsageEvents}))`;
  await tx.delete(usageHours);
  await tx.update(usageWatermark).set({ position: 0n, ahead });
}
