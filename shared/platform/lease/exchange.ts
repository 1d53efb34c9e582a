/*
 * What an isolate and a counter say to each other. A counter (a Durable Object) gives units out; an isolate spends them
 * from memory. One call does everything at once: it reports finished leases, takes the units that requests are waiting
 * for, and takes some more in advance when the key is busy.
 */

/** Milliseconds that units taken in advance may be spent for; counted by the isolate from before it asked. */
export const LEASE_LIFE_MS = 3_000;

/**
 * Milliseconds after a lease's life in which its report is still awaited. Then its units count as spent, so that an
 * isolate that died can never have spent more than it was counted for.
 */
export const LEASE_GRACE_MS = 3_000;

/** How the units of one lease were used. What is in neither figure was not spent and returns to the counter. */
export interface Settlement {
  readonly id: string;
  /** Units given to the requests that waited for the answer: spent when the counter granted them. */
  readonly arrival: number;
  /** Units spent from memory afterwards. */
  readonly later: number;
}

export interface Exchange {
  /** Made by the isolate, so that a repeated call is recognised: it is answered like the first one. */
  readonly id: string;
  /** Units that requests are waiting for. */
  readonly needed: number;
  /** Units wished for in advance. */
  readonly extra: number;
  /** Life of the units in advance, in milliseconds. */
  readonly lifeMs: number;
  /** Finished leases. Reporting one twice is harmless. */
  readonly settled: readonly Settlement[];
}

export interface Grant {
  /** Units for those who wait; fewer than needed is a refusal of the rest. */
  readonly granted: number;
  readonly extra: number;
  /** Units left in the counter after this answer; `Infinity` without a limit. */
  readonly remaining: number;
  /** Milliseconds until units come back. */
  readonly resetMs: number;
}
