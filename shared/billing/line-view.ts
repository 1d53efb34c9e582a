import type { Meter } from "#platform/schema";
import { decimalOf, decimalOfMicros } from "./money.ts";
import type { InvoiceLine } from "./rating.ts";

/** A line as the members' API shows it. */
export interface InvoiceLineView {
  /** From 1, in the order shown. */
  readonly line: number;
  readonly kind: InvoiceLine["kind"];
  readonly description: string;
  readonly plan_name: string | null;
  readonly meter: Meter | null;
  readonly covers_start: string;
  readonly covers_end: string;
  readonly used: number | null;
  readonly included: number | null;
  readonly billable: number | null;
  /** Price of a unit, as a decimal number in the currency. */
  readonly unit_price: string | null;
  readonly amount_minor: number;
  readonly amount: string;
}

const METER_NAMES: Readonly<Record<Meter, string>> = {
  requests: "Requests",
  tokens: "Tokens",
  db_storage_bytes: "Database storage (bytes)",
  egress_bytes: "Answers (bytes)",
  run_ms: "Run time (ms)",
};

interface InvoiceTerms {
  readonly currency: string;
  readonly timeZone: string;
}

export function lineView(line: InvoiceLine, position: number, terms: InvoiceTerms): InvoiceLineView {
  const { kind, planName, meter, used, included, billable, unitPriceMicros, amountMinor } = line;
  return {
    line: position,
    kind,
    description: describe(line, terms.timeZone),
    plan_name: planName,
    meter,
    covers_start: new Date(line.coversStart).toISOString(),
    covers_end: new Date(line.coversEnd).toISOString(),
    used,
    included,
    billable,
    unit_price: unitPriceMicros === null ? null : decimalOfMicros(unitPriceMicros),
    amount_minor: amountMinor,
    amount: decimalOf(amountMinor, terms.currency),
  };
}

function describe(line: InvoiceLine, timeZone: string): string {
  const covers = daysOf(line.coversStart, line.coversEnd, timeZone);
  const meter = line.meter === null ? "" : METER_NAMES[line.meter];
  switch (line.kind) {
    case "base":
      return `${line.planName}, ${covers}`;
    case "proration_credit":
      return `${line.planName}, not used ${covers}`;
    case "proration_charge":
      return `${line.planName}, from the change of plan, ${covers}`;
    case "overage":
      return `${meter} above what ${line.planName} includes, ${covers}`;
    case "adjustment":
      return `${meter} recorded after their invoice, ${covers}`;
    case "carried_in":
      return "Carried over from the invoice before";
    case "carried_out":
      return "Carried over to the next invoice";
  }
}

/** The first and the last day of a stretch of time, as `2026-03-01 to 2026-03-31`. */
export function daysOf(start: number, end: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return `${format.format(start)} to ${format.format(Math.max(start, end - 1))}`;
}
