import { and, asc, eq, gt, gte, lt, sql } from "drizzle-orm";
import { z } from "zod";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import type { Page, PageRequest } from "#platform/pages";
import { billingUsageEvents, invoiceLines, invoices, workspaceQuotas } from "#platform/schema";
import { type LedgerEvent, presentEvent } from "./ledger-event.ts";

/** An event, and the line of an invoice on which it was billed; `null` where there is none (yet). */
export interface BilledEvent extends LedgerEvent {
  readonly invoice_line: { readonly invoice_id: string; readonly number: string; readonly line: number } | null;
}

const billedSchema = z.array(z.object({ event_id: z.string(), invoice_id: z.string(), number: z.string(), line: z.int() }));

/**
 * What a run used, with where it was billed: on the line that covers the event, of the first invoice that was made when the
 * event stood in the ledger.
 */
export async function usageOfRun(ctx: Context, workspaceId: string, runId: string): Promise<BilledEvent[]> {
  const events = await ctx.db
    .select()
    .from(billingUsageEvents)
    .where(and(eq(billingUsageEvents.workspaceId, workspaceId), eq(billingUsageEvents.executionId, runId)))
    .orderBy(asc(billingUsageEvents.id));
  const { rows } = await ctx.db.execute(sql`
    SELECT event.id AS event_id, ${invoices.id} AS invoice_id, ${invoices.number} AS number, ${invoiceLines.line} AS line
    FROM ${billingUsageEvents} AS event
    CROSS JOIN LATERAL (
      SELECT period_start FROM ${workspaceQuotas}
      WHERE workspace_id = event.workspace_id AND period_end > event.occurred_at AND rated_to > event.position
      ORDER BY period_start LIMIT 1
    ) AS billed
    JOIN ${invoices} ON ${invoices.workspaceId} = event.workspace_id AND ${invoices.periodStart} = billed.period_start
    JOIN ${invoiceLines} ON ${invoiceLines.invoiceId} = ${invoices.id} AND ${invoiceLines.meter} = event.meter
      AND ${invoiceLines.coversStart} <= event.occurred_at AND ${invoiceLines.coversEnd} > event.occurred_at
    WHERE event.workspace_id = ${workspaceId} AND event.execution_id = ${runId}`);
  const lineOf = new Map(billedSchema.parse(rows).map(({ event_id, ...line }) => [event_id, line]));
  return events.map((event) => ({ ...presentEvent(event), invoice_line: lineOf.get(event.id) ?? null }));
}

/** The events that a line of an invoice adds up, by pages in the order of their ids. Lines without a meter have none. Errors: `not_found`. */
export async function eventsOfLine(
  ctx: Context,
  workspaceId: string,
  invoiceId: string,
  line: number,
  page: PageRequest,
): Promise<Page<LedgerEvent>> {
  const [found] = await ctx.db
    .select({ line: invoiceLines, periodStart: workspaceQuotas.periodStart, ratedTo: workspaceQuotas.ratedTo })
    .from(invoiceLines)
    .innerJoin(invoices, eq(invoices.id, invoiceLines.invoiceId))
    .innerJoin(
      workspaceQuotas,
      and(eq(workspaceQuotas.workspaceId, invoices.workspaceId), eq(workspaceQuotas.periodStart, invoices.periodStart)),
    )
    .where(and(eq(invoiceLines.workspaceId, workspaceId), eq(invoiceLines.invoiceId, invoiceId), eq(invoiceLines.line, line)));
  if (!found || found.ratedTo === null) throw notFound("The line of the invoice");
  const { meter, kind, coversStart, coversEnd } = found.line;
  if (meter === null) return { data: [], next_cursor: null };
  const since = kind === "adjustment" ? await ratedBefore(ctx, workspaceId, found.periodStart) : 0n;
  const { id, occurredAt, position } = billingUsageEvents;
  const after = page.cursor === undefined ? undefined : gt(id, page.cursor);
  const rows = await ctx.db
    .select()
    .from(billingUsageEvents)
    .where(
      and(
        eq(billingUsageEvents.workspaceId, workspaceId),
        eq(billingUsageEvents.meter, meter),
        gte(occurredAt, coversStart),
        lt(occurredAt, coversEnd),
        gte(position, since),
        lt(position, found.ratedTo),
        after,
      ),
    )
    .orderBy(asc(id))
    .limit(page.limit + 1);
  const shown = rows.slice(0, page.limit);
  return { data: shown.map(presentEvent), next_cursor: rows.length > page.limit ? (shown.at(-1)?.id ?? null) : null };
}

/** Up to where the ledger was billed before a period. */
async function ratedBefore(ctx: Context, workspaceId: string, periodStart: Date): Promise<bigint> {
  const [last] = await ctx.db
    .select({ ratedTo: sql<string | null>`max(${workspaceQuotas.ratedTo})` })
    .from(workspaceQuotas)
    .where(and(eq(workspaceQuotas.workspaceId, workspaceId), lt(workspaceQuotas.periodStart, periodStart)));
  return BigInt(last?.ratedTo ?? 0);
}
