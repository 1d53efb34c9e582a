import type { Context } from "#platform/context";
import { type InvoiceCustomer, METERS, type Meter } from "#platform/schema";
import { type Bill, billOf, totalled } from "./bill.ts";
import { type InvoiceLineView, lineView } from "./line-view.ts";
import { decimalOf, decimalOfMicros, roundUp, toSafe } from "./money.ts";
import { billingPeriodOf, currentPeriod, type PeriodRow, segmentsOf } from "./periods.ts";
import { customerOf, lockBilling } from "./profile.ts";
import { type InvoiceLine, includedIn, isLevel, overageLine, type Segment } from "./rating.ts";
import { usedBetween } from "./usage-totals.ts";

/** What less than an hour has seen says nothing about a month: it is taken for an hour's. */
const SHORTEST_MS = 3_600_000;

/** What a meter stands at in the current period. */
interface MeterState {
  readonly meter: Meter;
  readonly used: number;
  /** Units that the plans of the period include; null: without limit. */
  readonly included: number | null;
  /** Price of a unit above that, as a decimal number; null: the meter stops there. */
  readonly unit_price: string | null;
}

/** The invoice of the current period as it would be if it ended now, and as it will be if things go on like this. */
export interface UpcomingInvoice {
  readonly status: "draft";
  readonly period_start: string;
  readonly period_end: string;
  readonly time_zone: string;
  readonly currency: string;
  readonly customer: InvoiceCustomer;
  readonly lines: readonly InvoiceLineView[];
  readonly subtotal_minor: number;
  readonly tax_basis_points: number;
  readonly tax_minor: number;
  readonly total_minor: number;
  readonly total: string;
  readonly projected_total_minor: number;
  readonly projected_total: string;
  readonly meters: readonly MeterState[];
}

/** The current period's invoice so far, from the ledger as it stands. */
export async function upcomingInvoice(ctx: Context, workspaceId: string): Promise<UpcomingInvoice> {
  return ctx.transaction(async (tx) => {
    const now = ctx.clock.now();
    const profile = await lockBilling(tx, workspaceId);
    const row = await currentPeriod(tx, workspaceId, profile, now);
    const segments = await segmentsOf(tx, row);
    const bill = await billOf(ctx, tx, row);
    const last = segments.at(-1);
    const usedNow = last ? await usedBetween(tx, workspaceId, last.startsAt, last.endsAt) : new Map();
    const used = await usedBetween(tx, workspaceId, row.periodStart.getTime(), row.periodEnd.getTime());
    const projected = last ? project(ctx, row, bill, last, usedNow) : bill;
    return {
      status: "draft",
      period_start: row.periodStart.toISOString(),
      period_end: row.periodEnd.toISOString(),
      time_zone: profile.timeZone,
      currency: bill.currency,
      customer: customerOf(profile),
      lines: bill.lines.map((line, index) => lineView(line, index + 1, { currency: bill.currency, timeZone: profile.timeZone })),
      subtotal_minor: bill.subtotalMinor,
      tax_basis_points: bill.taxBasisPoints,
      tax_minor: bill.taxMinor,
      total_minor: bill.totalMinor,
      total: decimalOf(bill.totalMinor, bill.currency),
      projected_total_minor: projected.totalMinor,
      projected_total: decimalOf(projected.totalMinor, bill.currency),
      meters: METERS.map((meter) => meterState(row, segments, meter, used.get(meter) ?? 0)),
    };
  });
}

/** The bill if the plan in force goes on being used as it was since it began. */
function project(ctx: Context, row: PeriodRow, bill: Bill, segment: Segment, used: ReadonlyMap<Meter, number>): Bill {
  const passed = BigInt(Math.max(SHORTEST_MS, ctx.clock.now() - segment.startsAt));
  const all = BigInt(Math.max(SHORTEST_MS, segment.endsAt - segment.startsAt));
  const isOfSegment = (line: InvoiceLine) => line.kind === "overage" && line.coversStart === segment.startsAt;
  const expected = Array.from(used, ([meter, units]) => {
    const goesOn = isLevel(meter) || units <= 0 ? units : toSafe(roundUp(BigInt(units) * all, passed));
    return overageLine(billingPeriodOf(row), segment, meter, goesOn);
  });
  const kept = bill.lines.filter((line) => !isOfSegment(line) && line.kind !== "carried_out");
  return totalled(ctx, row, bill.currency, [...kept, ...expected.filter((line) => line !== undefined)]);
}

function meterState(row: PeriodRow, segments: readonly Segment[], meter: Meter, used: number): MeterState {
  const last = segments.at(-1);
  const counted = isLevel(meter) ? segments.slice(-1) : segments;
  const included = counted.map((segment) => includedIn(segment, meter, billingPeriodOf(row)));
  const price = last?.terms.overage_micros[meter];
  return {
    meter,
    used,
    included: included.reduce((sum, units) => (sum === null || units === null ? null : sum + units), 0),
    unit_price: price === undefined ? null : decimalOfMicros(price),
  };
}
