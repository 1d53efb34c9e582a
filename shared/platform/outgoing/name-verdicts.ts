import type { Clock } from "#platform/clock";

/** What a name leads to: public addresses alone, or also others. */
export type Verdict = "public" | "private";

/** Names kept at most. */
const CAPACITY = 1_000;
/** Seconds for which a verdict is kept at most, whatever the answer's own life. */
const MAX_LIFE = 60;

/** A bounded cache of what names were found to lead to. */
export class NameVerdicts {
  readonly #clock: Clock;
  readonly #entries = new Map<string, { readonly verdict: Verdict; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(name: string): Verdict | undefined {
    const entry = this.#entries.get(name);
    return entry && this.#clock.now() < entry.until ? entry.verdict : undefined;
  }

  /** Keeps a verdict for `ttl` seconds, or less. */
  set(name: string, verdict: Verdict, ttl: number): void {
    this.#entries.delete(name);
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size >= CAPACITY) this.#entries.delete(oldest);
    this.#entries.set(name, { verdict, until: this.#clock.now() + Math.min(ttl, MAX_LIFE) * 1000 });
  }
}
