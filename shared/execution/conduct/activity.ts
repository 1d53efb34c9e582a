import type { Clock } from "#platform/clock";

/** Longest time (ms) that a timer can hold. */
const MAX_TIMER = 2_147_483_647;

export interface ActivityHost {
  readonly clock: Clock;
  /** Everything waits; `wakeAt` is when the first wait is over, or `null` when only word from outside ends it. */
  readonly onStill: (wakeAt: number | null) => void;
  /** Something works again, or for the first time. */
  readonly onBusy: () => void;
}

/**
 * Knows whether a run is at work: nodes that work, against nodes that only wait. A run whose nodes all wait costs nothing, so
 * that it may leave memory, and its clock stands still.
 */
export class Activity {
  readonly #host: ActivityHost;
  #working = 0;
  readonly #waits = new Set<Wait>();
  #closed = false;

  constructor(host: ActivityHost) {
    this.#host = host;
  }

  /** A node begins to work. What it is part of waits for it, and is not counted meanwhile. */
  enter(): void {
    this.#working += 1;
    if (this.#working === 1) this.#host.onBusy();
  }

  /** A node has ended, or hands over to nodes within it. Called after what follows from it has begun. */
  leave(): void {
    this.#working -= 1;
    this.#look();
  }

  /**
   * Waits until a time (ms since the epoch), or for ever, or until `arrived` gives something; gives that, or `undefined` when
   * the time is over. Rejects with the signal's reason when it is aborted.
   */
  async wait<T>(until: number | null, signal: AbortSignal, arrived: () => T | undefined): Promise<T | undefined> {
    const wait: Wait = { until, wake: () => {}, drop: () => {} };
    for (;;) {
      signal.throwIfAborted();
      const value = arrived();
      if (value !== undefined) return value;
      if (until !== null && until <= this.#host.clock.now()) return undefined;
      await this.#turn(wait, signal);
    }
  }

  /** Word has come from outside: every wait looks whether it was for it. */
  wake(): void {
    for (const { wake } of this.#waits) wake();
  }

  /** Forgets all waits: they never end, and hold nothing. */
  close(): void {
    this.#closed = true;
    for (const { drop } of this.#waits) drop();
    this.#waits.clear();
  }

  #turn(wait: Wait, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return;
      wait.drop = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
      };
      // It is at work again from here on, not only once its turn has come: nothing in between may find the run still.
      const end = () => {
        wait.drop();
        this.#waits.delete(wait);
        this.enter();
        resolve();
      };
      const timer = wait.until === null ? undefined : setTimeout(end, Math.min(MAX_TIMER, wait.until - this.#host.clock.now()));
      wait.wake = end;
      signal.addEventListener("abort", end, { once: true });
      this.#waits.add(wait);
      this.leave();
    });
  }

  #look(): void {
    if (this.#closed || this.#working > 0 || this.#waits.size === 0) return;
    const times = [...this.#waits].flatMap(({ until }) => (until === null ? [] : [until]));
    this.#host.onStill(times.length === 0 ? null : Math.min(...times));
  }
}

interface Wait {
  readonly until: number | null;
  wake: () => void;
  drop: () => void;
}
