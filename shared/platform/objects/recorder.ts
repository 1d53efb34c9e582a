import type { RunRecord } from "#platform/records";

/** A row of an outbox. Of two revisions of a run the higher one is the truth. */
export interface OutboxRow {
  readonly id: string;
  readonly revision: number;
  /** JSON of a `RunRecord`; read it with `parseRunRecord`. */
  readonly record: string;
}

/** A run that has ended: its id, and its `RunRecord` as JSON. */
export interface EndedRun {
  readonly id: string;
  readonly record: string;
}

export interface OutboxRejection {
  readonly id: string;
  readonly revision: number;
  readonly error: string;
}

export interface OutboxCounts {
  readonly waiting: number;
  readonly open: number;
  readonly parked: number;
}

/**
 * The outbox of one workspace in one place. What is appended here is durable when the call returns, and stays until the
 * consumer of the `records` queue has confirmed it.
 */
export interface RecorderApi {
  /**
   * Appends a run that has ended. A run with an object of its own, which sees to its end, may append earlier stages too,
   * numbered upwards from 1.
   */
  append(record: RunRecord, revision?: number): Promise<void>;
  /** Appends runs that have ended: all of them, or none. */
  appendAll(runs: readonly EndedRun[]): Promise<void>;
  /**
   * Appends a run that is under way and whose first bytes are about to leave. When nothing more is heard of it by
   * `deadline` (ms since the epoch), it is recorded as interrupted.
   */
  open(record: RunRecord, deadline: number): Promise<void>;
  /** JSON of the record of a run that may not have reached the platform database yet. */
  find(runId: string): Promise<string | null>;
  /** Up to `limit` rows that wait to be written, oldest first. */
  pull(limit: number): Promise<OutboxRow[]>;
  /** Rows that are now in the platform database; a newer revision of a row stays. */
  confirm(rows: readonly Pick<OutboxRow, "id" | "revision">[]): Promise<void>;
  /** Rows that the platform database refused; after a few refusals a row is parked. Returns the runs parked now. */
  reject(rows: readonly OutboxRejection[]): Promise<string[]>;
  counts(): Promise<OutboxCounts>;
}
