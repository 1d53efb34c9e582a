import type { Clock } from "#platform/clock";
import type { PoolMetricsView } from "#platform/objects/database-pool";

/** A sum that also knows how many it is of, and the greatest. */
class Durations {
  #count = 0;
  #sum = 0;
  #max = 0;

  add(milliseconds: number): void {
    this.#count += 1;
    this.#sum += milliseconds;
    this.#max = Math.max(this.#max, milliseconds);
  }

  view(): { readonly mean: number; readonly max: number } {
    return { mean: this.#count === 0 ? 0 : Math.round(this.#sum / this.#count), max: this.#max };
  }
}

/** One operation on its way through the pool. */
export interface Passage {
  /** A slot has come free. */
  begin(): void;
  /** It is over; `failure` is the published code of what went wrong. */
  end(failure: string | null): void;
}

/** Counts what goes through one workspace's pool, since the pool was begun. */
export class PoolMetrics {
  readonly #clock: Clock;
  readonly #size: number;
  readonly #since: number;
  readonly #wait = new Durations();
  readonly #run = new Durations();
  readonly #failed = new Map<string, number>();
  #ok = 0;
  #waiting = 0;
  #running = 0;

  constructor(clock: Clock, size: number) {
    this.#clock = clock;
    this.#size = size;
    this.#since = clock.now();
  }

  enter(): Passage {
    const enteredAt = this.#clock.now();
    let begunAt: number | undefined;
    this.#waiting += 1;
    return {
      begin: () => {
        begunAt = this.#clock.now();
        this.#waiting -= 1;
        this.#running += 1;
        this.#wait.add(begunAt - enteredAt);
      },
      end: (failure) => {
        if (begunAt === undefined) this.#waiting -= 1;
        else {
          this.#running -= 1;
          this.#run.add(this.#clock.now() - begunAt);
        }
        if (failure === null) this.#ok += 1;
        else this.#failed.set(failure, (this.#failed.get(failure) ?? 0) + 1);
      },
    };
  }

  view(): PoolMetricsView {
    return {
      since: new Date(this.#since).toISOString(),
      size: this.#size,
      running: this.#running,
      waiting: this.#waiting,
      succeeded: this.#ok,
      failed: Object.fromEntries(this.#failed),
      wait_ms: this.#wait.view(),
      run_ms: this.#run.view(),
    };
  }
}
