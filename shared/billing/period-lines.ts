import { and, desc, eq, gt, inArray, isNotNull, lt, sql } from "drizzle-orm";
import type { Transaction } from "#platform/db";
import { invoiceLines, invoices, METERS, type Meter, usageHours, workspaceQuotas } from "#platform/schema";
import { billingPeriodOf, type PeriodRow, segmentsOf } from "./periods.ts";
import { adjustmentLine, type Billed, baseLines, carryLine, type InvoiceLine, overageLine, type Segment } from "./rating.ts";
import { usedBetween } from "./usage-totals.ts";

const HOUR_MS = 3_600_000;

/** The lines of a period: what its plans cost, and each meter that was used and has a price. `recordedBefore` as in {@link usedBetween}. */
export async function linesOf(
  tx: Transaction,
  row: PeriodRow,
  segments: readonly Segment[],
  recordedBefore?: bigint,
): Promise<InvoiceLine[]> {
  const period = billingPeriodOf(row);
  const lines = baseLines(period, segments);
  for (const segment of segments) {
    const used = await usedBetween(tx, row.workspaceId, segment.startsAt, segment.endsAt, recordedBefore);
    lines.push(...METERS.flatMap((meter) => usageLine(row, segment, meter, used.get(meter) ?? 0)));
  }
  return lines;
}

function usageLine(row: PeriodRow, segment: Segment, meter: Meter, used: number): InvoiceLine[] {
  const line = used === 0 ? undefined : overageLine(billingPeriodOf(row), segment, meter, used);
  return line ? [line] : [];
}

/**
 * What earlier periods owe beyond what was billed for them (or less): usage and corrections that were recorded after their
 * invoice, or after the last adjustment.
 */
export async function adjustmentsBefore(tx: Transaction, row: PeriodRow, recordedBefore?: bigint): Promise<InvoiceLine[]> {
  const [last] = await tx
    .select({ ratedTo: sql<string | null>`max(${workspaceQuotas.ratedTo})` })
    .from(workspaceQuotas)
    .where(and(eq(workspaceQuotas.workspaceId, row.workspaceId), lt(workspaceQuotas.periodStart, row.periodStart)));
  if (!last || last.ratedTo === null) return [];
  const changed = await tx
    .selectDistinct({ hour: usageHours.hour, meter: usageHours.meter })
    .from(usageHours)
    .where(
      and(
        eq(usageHours.workspaceId, row.workspaceId),
        gt(usageHours.watermark, BigInt(last.ratedTo)),
        lt(usageHours.hour, row.periodStart),
      ),
    );
  if (changed.length === 0) return [];
  const lines: InvoiceLine[] = [];
  for (const earlier of await ratedPeriods(tx, row, Math.min(...changed.map(({ hour }) => hour.getTime())))) {
    for (const segment of await segmentsOf(tx, earlier)) lines.push(...(await adjust(tx, earlier, segment, changed, recordedBefore)));
  }
  return lines;
}

/** Billed periods before this one that had not ended by a moment, the earliest first. */
function ratedPeriods(tx: Transaction, { workspaceId, periodStart }: PeriodRow, from: number): Promise<PeriodRow[]> {
  return tx
    .select()
    .from(workspaceQuotas)
    .where(
      and(
        eq(workspaceQuotas.workspaceId, workspaceId),
        lt(workspaceQuotas.periodStart, periodStart),
        gt(workspaceQuotas.periodEnd, new Date(from)),
        isNotNull(workspaceQuotas.ratedTo),
      ),
    )
    .orderBy(workspaceQuotas.periodStart);
}

interface ChangedHour {
  readonly hour: Date;
  readonly meter: Meter;
}

async function adjust(
  tx: Transaction,
  row: PeriodRow,
  segment: Segment,
  changed: readonly ChangedHour[],
  recordedBefore: bigint | undefined,
): Promise<InvoiceLine[]> {
  const touches = ({ hour }: ChangedHour) => hour.getTime() < segment.endsAt && hour.getTime() + HOUR_MS > segment.startsAt;
  const meters = new Set(changed.filter(touches).map(({ meter }) => meter));
  if (meters.size === 0) return [];
  const used = await usedBetween(tx, row.workspaceId, segment.startsAt, segment.endsAt, recordedBefore);
  const lines: InvoiceLine[] = [];
  for (const meter of meters) {
    const rated = overageLine(billingPeriodOf(row), segment, meter, used.get(meter) ?? 0);
    const line = rated && adjustmentLine(rated, await billedFor(tx, row.workspaceId, segment, meter));
    if (line) lines.push(line);
  }
  return lines;
}

/** What invoices have asked for a meter over a segment so far. */
async function billedFor(tx: Transaction, workspaceId: string, { startsAt }: Segment, meter: Meter): Promise<Billed> {
  const rows = await tx
    .select()
    .from(invoiceLines)
    .where(
      and(
        eq(invoiceLines.workspaceId, workspaceId),
        eq(invoiceLines.meter, meter),
        eq(invoiceLines.coversStart, new Date(startsAt)),
        inArray(invoiceLines.kind, ["overage", "adjustment"]),
      ),
    );
  const sum = (value: (row: (typeof rows)[number]) => number | null) => rows.reduce((total, row) => total + (value(row) ?? 0), 0);
  return { used: sum((row) => row.used), billable: sum((row) => row.billable), amountMinor: sum((row) => row.amountMinor) };
}

/** What the last invoice before this period carried over, as a line that takes it off. */
export async function carriedInto(tx: Transaction, row: PeriodRow): Promise<InvoiceLine[]> {
  const [last] = await tx
    .select({ id: invoices.id })
    .from(invoices)
    .where(and(eq(invoices.workspaceId, row.workspaceId), lt(invoices.periodStart, row.periodStart)))
    .orderBy(desc(invoices.periodStart))
    .limit(1);
  if (!last) return [];
  const [carried] = await tx
    .select({ amountMinor: invoiceLines.amountMinor })
    .from(invoiceLines)
    .where(and(eq(invoiceLines.invoiceId, last.id), eq(invoiceLines.kind, "carried_out")));
  return carried ? [carryLine("carried_in", -carried.amountMinor, billingPeriodOf(row))] : [];
}
