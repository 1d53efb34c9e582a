/** When a workspace's periods begin: at midnight of a day of the month, in a time zone. */
export interface Anchor {
  /** 1 to 31; the last day of months that are shorter. */
  readonly anchorDay: number;
  /** IANA name. */
  readonly timeZone: string;
}

export interface Period {
  /** Milliseconds since the epoch, inclusive. */
  readonly periodStart: number;
  /** Milliseconds since the epoch, exclusive. */
  readonly periodEnd: number;
}

const DAY_MS = 86_400_000;
/** A period that would be shorter, after a change of the anchor, is joined to the one after it. */
const SHORTEST_MS = 7 * DAY_MS;

/** Formatters are slow to make, and there is one a zone. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-u-ca-iso8601", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  formatters.set(timeZone, made);
  return made;
}

/** Whether a name is a time zone's. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The local day of a moment, as the UTC midnight of the same date. */
function localDay(at: number, timeZone: string): number {
  const parts = formatterOf(timeZone).formatToParts(at);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return Date.UTC(read("year"), read("month") - 1, read("day"));
}

/**
 * The first moment of a local day (given as the UTC midnight of its date). Looked for rather than computed, so that it also
 * holds where clocks are set at midnight, or a day is left out.
 */
function startOfDay(day: number, timeZone: string): number {
  let [before, at] = [day - 2 * DAY_MS, day + 2 * DAY_MS];
  while (at - before > 1) {
    const middle = Math.floor((before + at) / 2);
    if (localDay(middle, timeZone) >= day) at = middle;
    else before = middle;
  }
  return at;
}

/** Where the period of a month begins. `month` may be outside 0 to 11. */
function boundary(year: number, month: number, { anchorDay, timeZone }: Anchor): number {
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return startOfDay(Date.UTC(year, month, Math.min(anchorDay, days)), timeZone);
}

/** The anchor's period that holds a moment. */
export function periodAt(at: number, anchor: Anchor): Period {
  const date = new Date(localDay(at, anchor.timeZone));
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const thisMonth = boundary(year, month, anchor);
  return at < thisMonth
    ? { periodStart: boundary(year, month - 1, anchor), periodEnd: thisMonth }
    : { periodStart: thisMonth, periodEnd: boundary(year, month + 1, anchor) };
}

/** A period, and the length of a full one, of which its price and what it includes are a share. */
export interface BillingPeriod extends Period {
  readonly fullMs: number;
}

/**
 * The period that begins where another ended. It ends at the anchor's next boundary: after a change of the anchor it is
 * shorter than a full one, or longer, where it would have been shorter than a week.
 */
export function periodAfter(start: number, anchor: Anchor): BillingPeriod {
  let full = periodAt(start, anchor);
  if (full.periodEnd - start < SHORTEST_MS) full = periodAt(full.periodEnd, anchor);
  return { periodStart: start, periodEnd: full.periodEnd, fullMs: full.periodEnd - full.periodStart };
}

/** The period that holds a moment, in the row of periods that goes on from `start`. */
export function periodFrom(start: number, anchor: Anchor, now: number): Period {
  let period: Period = periodAfter(start, anchor);
  while (period.periodEnd <= now) period = periodAfter(period.periodEnd, anchor);
  return { periodStart: period.periodStart, periodEnd: period.periodEnd };
}

/** The calendar month (UTC) that holds `now`. */
export function monthOf(now: number): Period {
  const date = new Date(now);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return { periodStart: Date.UTC(year, month, 1), periodEnd: Date.UTC(year, month + 1, 1) };
}
