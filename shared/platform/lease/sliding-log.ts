import type { Tally } from "./book.ts";

/** Units spent close together. They all count as spent at the last of their instants, so never too short. */
export interface LogEntry {
  readonly from: number;
  readonly at: number;
  readonly units: number;
}

/** Into how many parts a window is cut; bounds the log, and by how much an entry may count too long (1/128 of the window). */
const PARTS = 128;

/**
 * Sliding-window log: a unit spent at t counts in [t, t + window). Since what is admitted at any instant keeps the sum
 * within the limit, no span of one window's length ever holds more than the limit. (A fixed window would admit twice the
 * limit around its edge; a weighted pair of windows assumes an even flow.)
 */
export class SlidingLog implements Tally {
  #entries: LogEntry[];
  #windowMs: number;

  constructor(windowMs: number, entries: readonly LogEntry[] = []) {
    this.#windowMs = windowMs;
    this.#entries = [...entries];
  }

  get windowMs(): number {
    return this.#windowMs;
  }

  /** Follows a change of policy. What a shorter window had dropped already stays dropped. */
  setWindow(windowMs: number): void {
    this.#windowMs = windowMs;
  }

  entries(): readonly LogEntry[] {
    return this.#entries;
  }

  used(now: number): number {
    this.#forget(now);
    let units = 0;
    for (const entry of this.#entries) units += entry.units;
    return units;
  }

  add(units: number, at: number): void {
    const last = this.#entries.at(-1);
    if (!last || at > last.at) {
      if (last && at - last.from < this.#windowMs / PARTS) this.#entries[this.#entries.length - 1] = merge(last, units, at);
      else this.#entries.push({ from: at, at, units });
      return;
    }
    // A forfeited lease counts at its end, which has passed; or the clock went back.
    const index = this.#entries.findIndex((entry) => entry.at >= at);
    const next = this.#entries[index];
    if (next && next.at - at < this.#windowMs / PARTS) {
      this.#entries[index] = { from: Math.min(next.from, at), at: next.at, units: next.units + units };
    } else this.#entries.splice(index, 0, { from: at, at, units });
  }

  /** Takes units out of the earliest entry that may hold them: what remains still counts at least as long as it must. */
  remove(units: number, at: number): void {
    let left = units;
    this.#entries = this.#entries.flatMap((entry) => {
      if (left === 0 || at > entry.at || at < entry.from) return [entry];
      const taken = Math.min(left, entry.units);
      left -= taken;
      return taken === entry.units ? [] : [{ ...entry, units: entry.units - taken }];
    });
  }

  nextReset(now: number): number {
    this.#forget(now);
    const [oldest] = this.#entries;
    return oldest ? oldest.at + this.#windowMs - now : 0;
  }

  /** When the log will be empty, or `undefined` when it is. */
  emptyAt(): number | undefined {
    const last = this.#entries.at(-1);
    return last && last.at + this.#windowMs;
  }

  #forget(now: number): void {
    const [oldest] = this.#entries;
    if (!oldest || oldest.at + this.#windowMs > now) return;
    this.#entries = this.#entries.filter((entry) => entry.at + this.#windowMs > now);
  }
}

function merge(entry: LogEntry, units: number, at: number): LogEntry {
  return { from: entry.from, at, units: entry.units + units };
}
