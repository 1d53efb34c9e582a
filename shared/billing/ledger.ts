import { and, eq, gte, lt, sql } from "drizzle-orm";
import { bulkInsert } from "#platform/bulk-insert";
import type { Context } from "#platform/context";
import type { NodeLog, RunRecord, UsageEvent } from "#platform/records";
import { billingUsageEvents, type Meter } from "#platform/schema";
import type { Period } from "./calendar.ts";

/** The event that counts a run as one request. It is known before the run begins. */
export function requestEvent(runId: string, startedAt: number): UsageEvent {
  return { id: `${runId}:requests`, meter: "requests", quantity: 1, occurred_at: startedAt };
}

/** What is known of a run once it has ended. */
export interface EndedRun {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly started_at: number;
  readonly outputs: Readonly<Record<string, unknown>> | null;
}

/** The tokens of each node that spoke to a model and has ended. Known while the run goes on. */
export function tokenEvents(runId: string, nodeLogs: readonly NodeLog[]): UsageEvent[] {
  return nodeLogs.flatMap((log): UsageEvent[] => {
    const quantity = log.input_tokens + log.output_tokens;
    return quantity === 0 ? [] : [{ id: `${runId}:${log.seq}:tokens`, meter: "tokens", quantity, occurred_at: log.started_at }];
  });
}

/**
 * What a run used: one request, the tokens of each node that spoke to a model, the time it was at work and the bytes it
 * answered with. The ids depend on the run alone, so the same run recorded twice is counted once.
 */
export function usageEventsOf({ id, started_at, outputs }: EndedRun, nodeLogs: readonly NodeLog[]): UsageEvent[] {
  const used = (meter: Meter, quantity: number): UsageEvent[] =>
    quantity === 0 ? [] : [{ id: `${id}:${meter}`, meter, quantity, occurred_at: started_at }];
  return [
    requestEvent(id, started_at),
    ...tokenEvents(id, nodeLogs),
    ...used("run_ms", busyMs(nodeLogs)),
    ...used("egress_bytes", outputs === null ? 0 : new TextEncoder().encode(JSON.stringify(outputs)).byteLength),
  ];
}

/** Nodes that only let time pass. */
const IDLE_NODES: ReadonlySet<string> = new Set(["wait", "approval"]);

/** Milliseconds in which at least one node was at work: neither waiting in line nor waiting for people is paid for. */
function busyMs(nodeLogs: readonly NodeLog[]): number {
  const busy = nodeLogs.filter((log) => !IDLE_NODES.has(log.node_type)).sort((a, b) => a.started_at - b.started_at);
  let [sum, until] = [0, 0];
  for (const { started_at, duration_ms } of busy) {
    const end = started_at + duration_ms;
    sum += Math.max(0, end - Math.max(started_at, until));
    until = Math.max(until, end);
  }
  return sum;
}

/** The event that counts the tokens by which a run has had its conversation summed up. */
export function summaryEvent(runId: string, tokens: number, occurredAt: number): UsageEvent {
  return { id: `${runId}:summary:tokens`, meter: "tokens", quantity: tokens, occurred_at: occurredAt };
}

/** Adds the usage of runs to the ledger. Idempotent by event id. */
export async function writeUsage(ctx: Context, records: readonly RunRecord[]): Promise<void> {
  const rows = records.flatMap(({ execution, usage_events }) =>
    usage_events.map((event) => ({
      id: event.id,
      workspaceId: execution.workspace_id,
      appId: execution.app_id,
      executionId: execution.id,
      meter: event.meter,
      quantity: event.quantity,
      occurredAt: new Date(event.occurred_at),
    })),
  );
  if (rows.length > 0) await ctx.db.execute(bulkInsert(billingUsageEvents, rows, sql`ON CONFLICT DO NOTHING`));
}

/**
 * What the events of one meter amount to: their sum, and for storage, which is a size that is looked at every hour, the mean of
 * what was seen, rounded up.
 */
const amount = sql<string>`
  CASE WHEN ${billingUsageEvents.meter} = 'db_storage_bytes' THEN ceil(avg(${billingUsageEvents.quantity})) ELSE sum(${billingUsageEvents.quantity}) END`;

/** What the ledger holds for a workspace in a period, by meter. */
export async function ledgerTotals(ctx: Context, workspaceId: string, period: Period): Promise<Record<Meter, number>> {
  const rows = await ctx.db
    .select({ meter: billingUsageEvents.meter, quantity: amount })
    .from(billingUsageEvents)
    .where(inPeriod(workspaceId, period))
    .groupBy(billingUsageEvents.meter);
  const found = new Map(rows.map((row) => [row.meter, Number(row.quantity)]));
  return meterRecord((meter) => found.get(meter) ?? 0);
}

interface UsageOfDay {
  /** `2026-01-31`, in UTC. */
  readonly day: string;
  /** null: what no app has used by itself, such as storage. */
  readonly app_id: string | null;
  readonly meter: Meter;
  readonly quantity: number;
}

export interface Usage {
  readonly period_start: string;
  readonly period_end: string;
  readonly totals: Readonly<Record<Meter, number>>;
  readonly days: readonly UsageOfDay[];
}

/** The ledger of a workspace over a period: totals, and by day, app and meter. */
export async function getUsage(ctx: Context, workspaceId: string, period: Period): Promise<Usage> {
  const day = sql<string>`to_char(${billingUsageEvents.occurredAt} AT TIME ZONE 'UTC', 'YYYY-MM-DD')`;
  const [totals, rows] = await Promise.all([
    ledgerTotals(ctx, workspaceId, period),
    ctx.db
      .select({
        day,
        appId: billingUsageEvents.appId,
        meter: billingUsageEvents.meter,
        quantity: amount,
      })
      .from(billingUsageEvents)
      .where(inPeriod(workspaceId, period))
      .groupBy(day, billingUsageEvents.appId, billingUsageEvents.meter)
      .orderBy(day),
  ]);
  return {
    period_start: new Date(period.periodStart).toISOString(),
    period_end: new Date(period.periodEnd).toISOString(),
    totals,
    days: rows.map((row) => ({ day: row.day, app_id: row.appId, meter: row.meter, quantity: Number(row.quantity) })),
  };
}

function inPeriod(workspaceId: string, period: Period) {
  return and(
    eq(billingUsageEvents.workspaceId, workspaceId),
    gte(billingUsageEvents.occurredAt, new Date(period.periodStart)),
    lt(billingUsageEvents.occurredAt, new Date(period.periodEnd)),
  );
}

function meterRecord(quantityOf: (meter: Meter) => number): Record<Meter, number> {
  return {
    requests: quantityOf("requests"),
    tokens: quantityOf("tokens"),
    db_storage_bytes: quantityOf("db_storage_bytes"),
    egress_bytes: quantityOf("egress_bytes"),
    run_ms: quantityOf("run_ms"),
  };
}
