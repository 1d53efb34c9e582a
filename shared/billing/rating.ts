import type { INVOICE_LINE_KINDS, Meter, PlanTerms } from "#platform/schema";
import type { BillingPeriod } from "./calendar.ts";
import { priceOf, roundUp, type Share, shareOf, toSafe, WHOLE } from "./money.ts";

/** A stretch of a period in which one plan was in force. */
export interface Segment {
  /** Milliseconds since the epoch; the end is exclusive. */
  readonly startsAt: number;
  readonly endsAt: number;
  readonly terms: PlanTerms;
}

/** What a workspace owes for, in one row. The amount is rounded here and nowhere else. */
export interface InvoiceLine {
  readonly kind: (typeof INVOICE_LINE_KINDS)[number];
  readonly planName: string | null;
  readonly meter: Meter | null;
  /** Milliseconds since the epoch; the end is exclusive. */
  readonly coversStart: number;
  readonly coversEnd: number;
  readonly used: number | null;
  readonly included: number | null;
  readonly billable: number | null;
  readonly unitPriceMicros: number | null;
  readonly amountMinor: number;
}

const NO_METER = { meter: null, used: null, included: null, billable: null, unitPriceMicros: null } as const;

/** Storage is a level, which a plan includes at any time; of all else it includes an amount a period. */
export function isLevel(meter: Meter): boolean {
  return meter === "db_storage_bytes";
}

/** What a stretch of time is of a full period. */
function shareBetween(startsAt: number, endsAt: number, { fullMs }: Pick<BillingPeriod, "fullMs">): Share {
  const part = endsAt - startsAt;
  return part === fullMs ? WHOLE : { part: BigInt(part), whole: BigInt(fullMs) };
}

/** Units that a plan includes in a segment, rounded up; `null` is without limit. */
export function includedIn({ startsAt, endsAt, terms }: Segment, meter: Meter, period: BillingPeriod): number | null {
  const limit = terms.limits[meter] ?? null;
  if (limit === null || isLevel(meter)) return limit;
  const { part, whole } = shareBetween(startsAt, endsAt, period);
  return toSafe(roundUp(BigInt(limit) * part, whole));
}

/**
 * The price of the plans over a period: of the first for the whole period, and for each change a credit for what was left of
 * the plan before, and a charge for the rest of the period on the new one. `segments` are in order and fill the period.
 */
export function baseLines(period: BillingPeriod, segments: readonly Segment[]): InvoiceLine[] {
  return segments.flatMap((segment, index) => {
    const before = segments[index - 1];
    if (!before) return planLine("base", segment.terms, period.periodStart, period);
    return [
      ...planLine("proration_credit", before.terms, segment.startsAt, period),
      ...planLine("proration_charge", segment.terms, segment.startsAt, period),
    ];
  });
}

/** The price of a plan from a moment to the end of the period; no line for a plan that costs nothing. */
function planLine(kind: InvoiceLine["kind"], terms: PlanTerms, from: number, period: BillingPeriod): InvoiceLine[] {
  if (terms.price_minor === 0) return [];
  const amount = shareOf(terms.price_minor, shareBetween(from, period.periodEnd, period));
  const amountMinor = kind === "proration_credit" ? -amount : amount;
  return [{ kind, planName: terms.name, ...NO_METER, coversStart: from, coversEnd: period.periodEnd, amountMinor }];
}

/**
 * The line of a meter over a segment: what was used above what the plan includes, at the plan's price. `undefined` where the
 * plan has no price for the meter: there it stops, or is free.
 */
export function overageLine(period: BillingPeriod, segment: Segment, meter: Meter, used: number): InvoiceLine | undefined {
  const { terms, startsAt, endsAt } = segment;
  const unitPriceMicros = terms.overage_micros[meter] ?? 0;
  const included = includedIn(segment, meter, period);
  if (unitPriceMicros === 0 || included === null) return undefined;
  const billable = Math.max(0, used - included);
  const share = isLevel(meter) ? shareBetween(startsAt, endsAt, period) : WHOLE;
  const amountMinor = priceOf(BigInt(billable), unitPriceMicros, terms.currency, share);
  const covers = { coversStart: startsAt, coversEnd: endsAt };
  return { kind: "overage", planName: terms.name, meter, ...covers, used, included, billable, unitPriceMicros, amountMinor };
}

/** Units and money that lines of one meter and segment add up to. */
export interface Billed {
  readonly used: number;
  readonly billable: number;
  readonly amountMinor: number;
}

/** What an earlier segment owes beyond what was billed for it, now that the ledger says more (or less); `undefined`: nothing changed. */
export function adjustmentLine(rated: InvoiceLine, billed: Billed): InvoiceLine | undefined {
  const used = (rated.used ?? 0) - billed.used;
  const billable = (rated.billable ?? 0) - billed.billable;
  const amountMinor = rated.amountMinor - billed.amountMinor;
  return used === 0 && amountMinor === 0 ? undefined : { ...rated, kind: "adjustment", used, billable, amountMinor };
}

/** Lines, with what they owe together. Less than nothing is carried over to the next invoice: an invoice never asks for it. */
export function balanced(lines: readonly InvoiceLine[], period: BillingPeriod): { lines: InvoiceLine[]; subtotalMinor: number } {
  const subtotal = lines.reduce((sum, line) => sum + line.amountMinor, 0);
  if (subtotal >= 0) return { lines: [...lines], subtotalMinor: subtotal };
  return { lines: [...lines, carryLine("carried_out", -subtotal, period)], subtotalMinor: 0 };
}

/** What is carried over from one invoice to the next: added to the one, taken off the other. */
export function carryLine(kind: "carried_in" | "carried_out", amountMinor: number, { periodStart, periodEnd }: BillingPeriod): InvoiceLine {
  return { kind, planName: null, ...NO_METER, coversStart: periodStart, coversEnd: periodEnd, amountMinor };
}
