import { LEASE_LIFE_MS } from "./exchange.ts";

/** How an isolate deals with one kind of counter. */
export interface Terms {
  /** Names the limit; a refusal under other terms is forgotten. */
  readonly policy: string;
  /** Milliseconds that units in advance may be spent for. */
  readonly lifeMs: number;
  /** Milliseconds after which a refusal is asked for again even if its reset is later, since the limit may have been raised. */
  readonly denialMs: number;
}

/**
 * Units in advance count up to a life too long, so a life is at most a twentieth of the window: a steady visitor loses
 * at most that part of the limit.
 */
export function lifeFor(windowMs: number): number {
  return Math.min(LEASE_LIFE_MS, Math.ceil(windowMs / 20));
}
