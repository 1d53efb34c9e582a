import type { Context } from "#platform/context";
import { joined } from "#platform/joined";

interface Flight<V> {
  readonly landing: Promise<V>;
  readonly since: number;
}

/** A flight older than this (ms) has lost its request; the next caller starts another. */
const STALE_MS = 10_000;

/** Makes concurrent loads of one key one load. The first request's load is kept alive when that request goes away. */
export class Flights<V> {
  readonly #flights = new Map<string, Flight<V>>();

  join(ctx: Context, key: string, load: () => Promise<V>): Promise<V> {
    const now = ctx.clock.now();
    const flying = this.#flights.get(key);
    if (flying !== undefined && now - flying.since < STALE_MS) return joined(flying.landing);
    const flight: Flight<V> = { landing: load(), since: now };
    this.#flights.set(key, flight);
    const land = () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    // Both ways only tidy up: every caller that joined sees the load's own failure.
    ctx.waitUntil(flight.landing.then(land, land));
    return flight.landing;
  }
}
