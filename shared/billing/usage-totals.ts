import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { billingUsageEvents, METERS, type Meter, usageByHour, usageHours } from "#platform/schema";
import { roundUp, toSafe } from "./money.ts";
import { isLevel } from "./rating.ts";

const HOUR_MS = 3_600_000;

/** Whatever runs a statement: the platform database, or a transaction. */
export interface SqlReader {
  execute(query: SQL): PromiseLike<{ readonly rows: readonly unknown[] }>;
}

const rowsSchema = z.array(z.object({ meter: z.enum(METERS), quantity: z.string(), events: z.string() }));

/**
 * What a workspace used between two moments, by meter; meters that were not used are missing. Whole hours come from the hours
 * that were added up, what is left of them at both ends from the ledger itself. With `recordedBefore`, only what stands
 * before that position counts: it must be the watermark, held by the caller.
 */
export async function usedBetween(
  db: SqlReader,
  workspaceId: string,
  from: number,
  to: number,
  recordedBefore?: bigint,
): Promise<ReadonlyMap<Meter, number>> {
  const firstHour = Math.min(Math.ceil(from / HOUR_MS) * HOUR_MS, to);
  const lastHour = Math.max(Math.floor(to / HOUR_MS) * HOUR_MS, firstHour);
  const hours = recordedBefore === undefined ? usageByHour : usageHours;
  const known = recordedBefore === undefined ? sql`` : sql`AND ${billingUsageEvents.position} < ${recordedBefore}`;
  const events = (start: number, end: number) => sql`
    SELECT ${billingUsageEvents.meter} AS meter, ${billingUsageEvents.quantity} AS quantity, 1 AS events FROM ${billingUsageEvents}
    WHERE ${billingUsageEvents.workspaceId} = ${workspaceId} AND ${within(billingUsageEvents.occurredAt, start, end)} ${known}`;
  const { rows } = await db.execute(sql`
    SELECT meter, sum(quantity)::text AS quantity, sum(events)::text AS events FROM (
      SELECT ${hours.meter} AS meter, ${hours.quantity} AS quantity, ${hours.events} AS events FROM ${hours}
      WHERE ${hours.workspaceId} = ${workspaceId} AND ${within(hours.hour, firstHour, lastHour)}
      UNION ALL ${events(from, firstHour)} UNION ALL ${events(lastHour, to)}
    ) AS used GROUP BY meter`);
  return new Map(rowsSchema.parse(rows).map((row) => [row.meter, amountOf(row.meter, row.quantity, row.events)]));
}

/** What readings amount to: their sum, and for a level, which is looked at every hour, their mean, rounded up. */
export function amountOf(meter: Meter, quantity: string, events: string): number {
  return toSafe(isLevel(meter) ? roundUp(BigInt(quantity), BigInt(events)) : BigInt(quantity));
}

/** `column` in [start, end), in milliseconds since the epoch. */
export function within(
  column: typeof billingUsageEvents.occurredAt | typeof usageHours.hour | typeof usageByHour.hour,
  start: number,
  end: number,
): SQL {
  return sql`${column} >= ${new Date(start).toISOString()}::timestamptz AND ${column} < ${new Date(end).toISOString()}::timestamptz`;
}
