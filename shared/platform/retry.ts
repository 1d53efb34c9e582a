import type { Random } from "#platform/clock";

export interface Backoff {
  /** Milliseconds: the ceiling of the first wait. */
  readonly base: number;
  /** Milliseconds: no wait is longer. */
  readonly cap: number;
}

/**
 * How long to wait before attempt `attempt + 1`, in milliseconds: full jitter over an exponential ceiling
 * (AWS Architecture Blog, "Exponential Backoff and Jitter"). `attempt` counts from 1.
 */
export function fullJitter(attempt: number, { base, cap }: Backoff, random: Random): number {
  return Math.floor(random.float() * Math.min(cap, base * 2 ** (attempt - 1)));
}
