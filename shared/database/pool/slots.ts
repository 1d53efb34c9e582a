import { AppError } from "#platform/errors";

/** How long a statement waits for its turn, in milliseconds. */
export const WAIT_LIMIT_MS = 5_000;
/** Statements that wait at once; more would only hold memory until they give up. */
const MAX_WAITING = 1_000;

const busy = () => new AppError("database_unavailable", "The workspace's database has too much to do at the moment.", { retryAfter: 1 });

/** Lets so many pieces of work run at once; the others wait their turn, first come first served, and not for ever. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  /** Runs the work in a slot. Throws database_unavailable when none came free in time. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  async #enter(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) throw busy();
    const turn = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(turn.resolve), 1);
      turn.reject(busy());
    }, WAIT_LIMIT_MS);
    this.#waiting.push(turn.resolve);
    await turn.promise;
    clearTimeout(timer);
  }

  /** The slot goes straight to the next in line, so that nobody overtakes. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}
