/*
 * When a claim is checked, after Cloudflare's own schedule
 * (https://developers.cloudflare.com/cloudflare-for-platforms/cloudflare-for-saas/domain-support/hostname-validation/backoff-schedule/):
 * 75 checks within seven days, the first ten within twenty minutes, no two further apart than four hours.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export const MAX_CHECKS = 75;
/** Checks that were met with silence use the time up to here and no further: whoever was silent then has a day and a half left. */
export const MAX_SILENT_CHECKS = 65;

/** Milliseconds after each of the first checks: twenty minutes in all. */
const FIRST = [15, 30, 45, 60, 90, 120, 150, 180, 210, 300].map((seconds) => seconds * SECOND);
const THEN = { base: 5 * MINUTE, factor: 1.135, cap: 4 * HOUR };

/** Milliseconds until the next check of a claim that was checked so often. */
export function delayAfter(checks: number): number {
  const first = FIRST[Math.max(0, checks - 1)];
  if (first !== undefined) return first;
  return Math.min(THEN.cap, Math.round(THEN.base * THEN.factor ** (checks - FIRST.length)));
}

/** How often (ms) a claim is looked at beside the schedule. */
export const WATCH = {
  settled: 6 * HOUR,
  /** A host that seems to lead elsewhere. */
  leaving: 10 * MINUTE,
  /** What the schedule has not settled. */
  late: 24 * HOUR,
} as const;
