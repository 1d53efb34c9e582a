import type { Clock } from "#platform/clock";
import { AppError } from "#platform/errors";
import type { DbOperation } from "../operations/operation.ts";

/** What a workspace's tables take up, and what they may. */
export interface StorageState {
  /** Bytes as last measured; null: never. */
  readonly bytes: number | null;
  /** Bytes that the plan allows; null: any number. */
  readonly limit: number | null;
}

/** Milliseconds for which a measurement serves: far from the limit, close to it or past it. */
const FAR_MS = 60_000;
const CLOSE_MS = 5_000;
/** The part of the limit from which on it is close. */
const CLOSE = 0.9;

/** Operations that never need more room than there was. */
const HARMLESS: ReadonlySet<DbOperation["operation"]> = new Set(["select", "count", "delete"]);

type Effect = "none" | "growth" | "unknown";

/** What an operation may do to the size of the database: nothing, add to it, or what its author wrote. */
function effectOf(operation: DbOperation): Effect {
  if (operation.operation === "transaction") {
    const effects = operation.operations.map(effectOf);
    return (["growth", "unknown"] as const).find((effect) => effects.includes(effect)) ?? "none";
  }
  if (operation.operation !== "sql") return HARMLESS.has(operation.operation) ? "none" : "growth";
  return /^\s*delete\b/i.test(operation.sql) ? "none" : "unknown";
}

/** How an operation may run: freely, or without changing anything since there is no room left. */
export type Admission = "free" | "read_only";

/** Keeps a workspace's database within its plan's storage: reads and deletions go on when it is full, other writes do not. */
export class StorageGuard {
  readonly #measure: () => Promise<number>;
  readonly #clock: Clock;
  #state: StorageState = { bytes: null, limit: null };
  #measuredAt = Number.NEGATIVE_INFINITY;
  #measuring: Promise<void> | undefined;

  constructor(measure: () => Promise<number>, clock: Clock) {
    this.#measure = measure;
    this.#clock = clock;
  }

  /** Takes what is known from elsewhere. */
  set(state: StorageState): void {
    this.#state = state;
  }

  /** The size of the database now, in bytes. */
  async measure(): Promise<number> {
    const bytes = await this.#measure();
    this.#state = { ...this.#state, bytes };
    this.#measuredAt = this.#clock.now();
    return bytes;
  }

  /**
   * Whether an operation may run. A write waits for a measurement only when the last one said that there is no room; otherwise
   * the size is looked at beside it. Throws quota_exceeded.
   */
  async admit(operation: DbOperation, later: (work: Promise<unknown>) => void): Promise<Admission> {
    const { limit } = this.#state;
    const effect = effectOf(operation);
    if (limit === null || effect === "none") return "free";
    const age = this.#clock.now() - this.#measuredAt;
    const bytes = this.#state.bytes ?? 0;
    if (age > (bytes >= limit * CLOSE ? CLOSE_MS : FAR_MS)) {
      const measured = this.#measureOnce();
      if (bytes >= limit) await measured;
      else later(measured);
    }
    if ((this.#state.bytes ?? 0) < limit) return "free";
    if (effect === "growth") throw storageFull();
    return "read_only";
  }

  /** One measurement at a time, whoever asks for it. */
  #measureOnce(): Promise<void> {
    this.#measuring ??= this.measure().then(
      () => {
        this.#measuring = undefined;
      },
      (error: unknown) => {
        this.#measuring = undefined;
        throw error;
      },
    );
    return this.#measuring;
  }
}

export const storageFull = () =>
  new AppError(
    "quota_exceeded",
    "The workspace's database has used up the storage of its plan. Reading and deleting go on; other changes need more room.",
  );
