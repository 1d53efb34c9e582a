import { and, eq, type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { METERS, type Meter, usageByHour } from "#platform/schema";
import type { Period } from "./calendar.ts";
import { amountOf, within } from "./usage-totals.ts";

export const INTERVALS = ["hour", "day", "month"] as const;
type Interval = (typeof INTERVALS)[number];

export interface SeriesRequest extends Period {
  readonly interval: Interval;
  readonly meter?: Meter | undefined;
  readonly appId?: string | undefined;
  /** Whether each app is shown by itself. */
  readonly byApp: boolean;
}

/** What was used of a meter in an hour, a day or a month (UTC). */
export interface UsagePoint {
  /** When it begins. */
  readonly at: string;
  /** null: all apps together, or what no app has used by itself. */
  readonly app_id: string | null;
  readonly meter: Meter;
  readonly quantity: number;
}

const rowsSchema = z.array(
  z.object({ at: z.string(), app_id: z.string().nullable(), meter: z.enum(METERS), quantity: z.string(), events: z.string() }),
);

/** The workspace's use over time. Both ends of the period are taken as the beginnings of hours. */
export async function usageSeries(ctx: Context, workspaceId: string, request: SeriesRequest): Promise<UsagePoint[]> {
  const { hour, meter, appId, quantity, events } = usageByHour;
  const at = sql`to_char(date_trunc(${request.interval}, ${hour}, 'UTC') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".000Z"')`;
  const app: SQL = request.byApp ? sql`${appId}` : sql`NULL::text`;
  const { rows } = await ctx.db.execute(sql`
    SELECT ${at} AS at, ${app} AS app_id, ${meter} AS meter, sum(${quantity})::text AS quantity, sum(${events})::text AS events
    FROM ${usageByHour}
    WHERE ${and(
      eq(usageByHour.workspaceId, workspaceId),
      within(hour, request.periodStart, request.periodEnd),
      request.meter === undefined ? undefined : eq(meter, request.meter),
      request.appId === undefined ? undefined : eq(appId, request.appId),
    )}
    GROUP BY 1, 2, 3 ORDER BY 1, 3, 2`);
  return rowsSchema.parse(rows).map((row) => ({
    at: row.at,
    app_id: row.app_id,
    meter: row.meter,
    quantity: amountOf(row.meter, row.quantity, row.events),
  }));
}

/**
 * A series as CSV (RFC 4180). Its fields are times, our own ids and words, and numbers: none can be taken for a formula, and
 * none needs quotes.
 */
export function seriesCsv(points: readonly UsagePoint[]): string {
  const lines = points.map(({ at, app_id, meter, quantity }) => [at, app_id ?? "", meter, quantity].join(","));
  return ["at,app_id,meter,quantity", ...lines].map((line) => `${line}\r\n`).join("");
}
