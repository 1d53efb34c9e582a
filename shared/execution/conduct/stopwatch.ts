import type { Clock } from "#platform/clock";
import type { Journal } from "../journal.ts";

const KEY = "elapsed";

/** Measures the time in which a run is at work, over all its lives; waiting costs none of it. Rings when it is used up. */
export class Stopwatch {
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #limit: number;
  readonly #ring: () => void;
  #elapsed: number;
  #startedAt: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `limit` in milliseconds. */
  constructor(clock: Clock, journal: Journal, limit: number, ring: () => void) {
    this.#clock = clock;
    this.#journal = journal;
    this.#limit = limit;
    this.#ring = ring;
    const known = journal.recall(KEY);
    this.#elapsed = typeof known === "number" ? known : 0;
  }

  start(): void {
    if (this.#startedAt !== null) return;
    this.#startedAt = this.#clock.now();
    this.#timer = setTimeout(this.#ring, Math.max(0, this.#limit - this.#elapsed));
  }

  stop(): void {
    if (this.#startedAt === null) return;
    clearTimeout(this.#timer);
    this.#elapsed += this.#clock.now() - this.#startedAt;
    this.#startedAt = null;
    this.#journal.remember(KEY, this.#elapsed);
  }
}
