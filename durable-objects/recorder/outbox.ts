import type { EndedRun, OutboxCounts, OutboxRejection, OutboxRow } from "#platform/objects/recorder";
import { parseRunRecord, type RunRecord } from "#platform/records";
import { partsOf } from "#platform/text-parts";

/**
 * The stages of a run's record, as revisions: a later stage always wins, in whatever order stages arrive. A run that was
 * given up as interrupted and ends after all is final. Runs with an object of their own number the stages between.
 */
const REVISION = { running: 1, interrupted: 1_000_000_000, final: 1_000_000_001 } as const;

/** A run still under way is not worth a row until it has lasted this long (ms): most end before. */
const RUNNING_GRACE = 2_000;
/** How long a row that was offered may stay unconfirmed before it is offered again (ms). */
const OFFER_AGAIN = 15_000;
/** A record that the database refused this often is parked. */
const MAX_REFUSALS = 5;
/** One pull carries no more than this (characters of JSON) or one record, well under the 32 MiB of an RPC. */
const MAX_PULL = 4_000_000;

interface StoredRow extends Record<string, SqlStorageValue> {
  id: string;
  revision: number;
  /** The record, or as much of it as a row holds. */
  record: string;
  /** In how many rows of `outbox_rest` it goes on. */
  rest: number;
}

/** The rows of one outbox, in the object's SQLite. All methods are synchronous: the object's gates make them atomic and durable. */
export class Outbox {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Stores a finished run, or a stage of one whose own object sees to its end. It is due at once. */
  finish(record: RunRecord, now: number, revision: number = REVISION.final): void {
    this.#store(record, revision, null, now);
  }

  /** The same for a record that is JSON already. */
  finishAsJson({ id, record }: EndedRun, now: number): void {
    this.#storeJson(id, record, REVISION.final, null, now);
  }

  /** Stores a run that is under way and becomes `interrupted` at `deadline` unless it is finished by then. */
  begin(record: RunRecord, deadline: number, now: number): void {
    this.#store(record, REVISION.running, deadline, now + RUNNING_GRACE);
  }

  #store(record: RunRecord, revision: number, deadline: number | null, due: number): void {
    this.#storeJson(record.execution.id, JSON.stringify(record), revision, deadline, due);
  }

  #storeJson(id: string, record: string, revision: number, deadline: number | null, due: number): void {
    const [first = "", ...rest] = partsOf(record);
    const stored = this.#sql.exec(
      `INSERT INTO outbox (id, revision, record, rest, deadline, due) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, record = excluded.record, rest = excluded.rest,
         deadline = excluded.deadline, due = excluded.due
       WHERE excluded.revision > outbox.revision RETURNING id`,
      id,
      revision,
      first,
      rest.length,
      deadline,
      due,
    );
    if (stored.toArray().length === 0) return;
    for (const [part, text] of rest.entries()) {
      this.#sql.exec("INSERT OR REPLACE INTO outbox_rest (id, part, text) VALUES (?, ?, ?)", id, part, text);
    }
  }

  #recordOf({ id, record, rest }: StoredRow): string {
    if (rest === 0) return record;
    const parts = this.#sql.exec<{ text: string }>("SELECT text FROM outbox_rest WHERE id = ? AND part < ? ORDER BY part", id, rest);
    return [record, ...parts.toArray().map(({ text }) => text)].join("");
  }

  find(id: string): string | null {
    const [row] = this.#sql.exec<StoredRow>("SELECT id, revision, record, rest FROM outbox WHERE id = ?", id).toArray();
    return row ? this.#recordOf(row) : null;
  }

  /** Ends every run whose deadline has passed. */
  interruptOverdue(now: number): void {
    const overdue = this.#sql.exec<StoredRow>("SELECT id, revision, record, rest FROM outbox WHERE deadline <= ?", now).toArray();
    for (const row of overdue) this.#store(interrupted(parseRunRecord(this.#recordOf(row)), now), REVISION.interrupted, null, now);
  }

  /** Rows that wait, oldest run first. */
  pull(limit: number): OutboxRow[] {
    const cursor = this.#sql.exec<StoredRow>(
      "SELECT id, revision, record, rest FROM outbox WHERE parked IS NULL AND revision > confirmed ORDER BY id LIMIT ?",
      limit,
    );
    const rows: OutboxRow[] = [];
    let size = 0;
    for (const row of cursor) {
      const record = this.#recordOf(row);
      size += record.length;
      if (rows.length > 0 && size > MAX_PULL) break;
      rows.push({ id: row.id, revision: row.revision, record });
    }
    return rows;
  }

  /** Forgets rows that are in the platform database; a run that this outbox is to end is kept until then. */
  confirm(rows: readonly Pick<OutboxRow, "id" | "revision">[]): void {
    for (const { id, revision } of rows) {
      const gone = this.#sql.exec("DELETE FROM outbox WHERE id = ? AND revision = ? AND deadline IS NULL RETURNING id", id, revision);
      if (gone.toArray().length > 0) this.#sql.exec("DELETE FROM outbox_rest WHERE id = ?", id);
      this.#sql.exec("UPDATE outbox SET confirmed = ? WHERE id = ? AND confirmed < ?", revision, id, revision);
    }
  }

  /** Counts a refusal for each row. Returns the ids that are now parked. */
  reject(rows: readonly OutboxRejection[]): string[] {
    return rows.flatMap(({ id, revision, error }) => {
      const [row] = this.#sql
        .exec<{ parked: string | null }>(
          `UPDATE outbox SET refusals = refusals + 1, parked = CASE WHEN refusals + 1 >= ? THEN ? END
           WHERE id = ? AND revision = ? AND parked IS NULL RETURNING parked`,
          MAX_REFUSALS,
          error.slice(0, 500),
          id,
          revision,
        )
        .toArray();
      return row?.parked == null ? [] : [id];
    });
  }

  /** Puts off rows that are due, because they are being offered now. Returns whether there were any. */
  offer(now: number): boolean {
    const offered = this.#sql.exec(
      "UPDATE outbox SET due = ? WHERE parked IS NULL AND revision > confirmed AND due <= ?",
      now + OFFER_AGAIN,
      now,
    );
    return offered.rowsWritten > 0;
  }

  /** When something is to be done next (ms since the epoch), or `null` when all is quiet. */
  nextDue(): number | null {
    const [row] = this.#sql
      .exec<{ at: number | null }>(
        `SELECT min(at) AS at FROM (
           SELECT min(due) AS at FROM outbox WHERE parked IS NULL AND revision > confirmed
           UNION ALL SELECT min(deadline) FROM outbox WHERE deadline IS NOT NULL)`,
      )
      .toArray();
    return row?.at ?? null;
  }

  counts(): OutboxCounts {
    const [row] = this.#sql
      .exec<{ waiting: number; open: number; parked: number }>(
        `SELECT count(*) FILTER (WHERE parked IS NULL AND revision > confirmed) AS waiting,
                count(*) FILTER (WHERE deadline IS NOT NULL) AS open,
                count(*) FILTER (WHERE parked IS NOT NULL) AS parked FROM outbox`,
      )
      .toArray();
    return row ?? { waiting: 0, open: 0, parked: 0 };
  }
}

function interrupted(record: RunRecord, now: number): RunRecord {
  return {
    ...record,
    execution: {
      ...record.execution,
      status: "interrupted",
      error: { code: "interrupted", message: "The run was cut off before it ended." },
      finished_at: now,
    },
  };
}
