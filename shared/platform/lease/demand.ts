/** Milliseconds over which past requests fade from the measure. */
const FADE_MS = 1_000;
/** A key is busy once requests have kept coming for this long; a burst that is over by then takes nothing in advance. */
const BUSY_AFTER_MS = 500;

/** How much one key is asked for, measured from its own requests. */
export class Demand {
  #heat = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  #since = 0;

  get lastAt(): number {
    return this.#lastAt;
  }

  note(now: number): void {
    const gap = Math.max(0, now - this.#lastAt);
    if (gap > FADE_MS) this.#since = now;
    this.#heat = this.#heat * Math.exp(-gap / FADE_MS) + 1;
    this.#lastAt = now;
  }

  /** Units that the next `spanMs` milliseconds will probably ask for, beyond the one that is being asked for now. */
  expected(spanMs: number, now: number): number {
    if (now - this.#since < BUSY_AFTER_MS) return 0;
    const heat = this.#heat * Math.exp(-Math.max(0, now - this.#lastAt) / FADE_MS);
    return Math.max(0, Math.floor(((heat - 1) * spanMs) / FADE_MS));
  }
}
