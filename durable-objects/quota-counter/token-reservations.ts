/** Tokens that a call under way may use. */
export interface Reservation {
  readonly id: string;
  readonly tokens: number;
  /** When it was made, on the counter's clock. */
  readonly at: number;
}

/**
 * Milliseconds after which a reservation that nobody settled is given up: longer than any call of a model lasts (its client
 * gives up after ten minutes), and long enough for the run's record to have reached the ledger.
 */
export const RESERVATION_LIFE_MS = 900_000;

/** Tokens out of everybody's reach: between the question to a model and its answer. */
export class TokenReservations {
  readonly #open: Map<string, Reservation>;

  constructor(open: readonly Reservation[] = []) {
    this.#open = new Map(open.map((reservation) => [reservation.id, reservation]));
  }

  /** Reservations to write down. */
  list(): Reservation[] {
    return [...this.#open.values()];
  }

  get total(): number {
    let total = 0;
    for (const { tokens } of this.#open.values()) total += tokens;
    return total;
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  add(reservation: Reservation): void {
    this.#open.set(reservation.id, reservation);
  }

  /** The reservation of this id, which is over now; `undefined` when it was settled before, or given up. */
  close(id: string): Reservation | undefined {
    const reservation = this.#open.get(id);
    this.#open.delete(id);
    return reservation;
  }

  /** Those that nobody has settled in time. */
  abandoned(now: number): Reservation[] {
    return this.list().filter(({ at }) => at + RESERVATION_LIFE_MS <= now);
  }

  /** When the first of them will be abandoned, if there is any. */
  firstEnd(): number | undefined {
    // In order of time: a reservation stands where it was made.
    const [first] = this.#open.values();
    return first && first.at + RESERVATION_LIFE_MS;
  }
}
