interface Sleeper {
  readonly at: number;
  wake(): void;
}

/** Promise callbacks in a row that one event may set off. */
const CALLBACKS = 60;

/** A clock that only moves when told, waking sleepers in order. */
export class VirtualTime {
  #now: number;
  #sleepers: Sleeper[] = [];

  constructor(start = Date.UTC(2026, 0, 15)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ at: this.#now + ms, wake }));
  }

  /** Moves on by `ms`, letting everything happen that falls due on the way. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#sleepers.reduce<Sleeper | undefined>((first, one) => (first && first.at <= one.at ? first : one), undefined);
      if (!next || next.at > end) break;
      this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      await settle();
    }
    this.#now = end;
  }
}

async function settle(): Promise<void> {
  for (let index = 0; index < CALLBACKS; index += 1) await null;
}
