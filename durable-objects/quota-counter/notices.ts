import type { QuotaNotice } from "#billing";
import type { StoppingMeter } from "#platform/objects/quota-counter";

/** Percents of a limit at which a workspace is told, once a period each. */
const THRESHOLDS = [80, 100] as const;

interface Reading {
  readonly meter: StoppingMeter;
  readonly used: number;
  readonly limit: number | null;
}

/** The notices that are due and have not been given: those whose `<meter>:<percent>` is not among `given`. */
export function dueNotices(readings: readonly Reading[], given: ReadonlySet<string>): QuotaNotice[] {
  return readings.flatMap(({ meter, used, limit }) => {
    // Nobody needs to be told that nothing is left of nothing.
    if (limit === null || limit === 0) return [];
    return THRESHOLDS.filter((percent) => used * 100 >= limit * percent && !given.has(noticeName({ meter, percent }))).map((percent) => ({
      meter,
      percent,
      used,
      limit,
    }));
  });
}

export function noticeName({ meter, percent }: Pick<QuotaNotice, "meter" | "percent">): string {
  return `${meter}:${percent}`;
}
