/** Turns that may wait; more are refused. */
const MAX_WAITING = 500;

/** `holding`: it is its turn. `late`: it has held the others up for too long, and may still end. */
type State = "waiting" | "holding" | "late";

/** The runs that are turns of one conversation, one at a time, in the order in which they came. */
export class Line {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  enter(runId: string, now: number): "go" | "wait" | "full" {
    const known = this.#sql.exec<{ state: State }>("SELECT state FROM line WHERE run_id = ?", runId).toArray()[0]?.state;
    if (known) return known === "waiting" ? "wait" : "go";
    const isFree = this.#first("holding") === undefined && this.#first("waiting") === undefined;
    if (!isFree && this.#waiting() >= MAX_WAITING) return "full";
    this.#sql.exec("INSERT INTO line (run_id, state, since) VALUES (?, ?, ?)", runId, isFree ? "holding" : "waiting", now);
    return isFree ? "go" : "wait";
  }

  /** Gives whether the run was in line. */
  leave(runId: string): boolean {
    return this.#sql.exec("DELETE FROM line WHERE run_id = ? RETURNING run_id", runId).toArray().length > 0;
  }

  /** The run whose turn it is; the first of those who wait, where nobody's is. */
  holder(now: number): string | undefined {
    const holder = this.#first("holding");
    if (holder !== undefined) return holder;
    const next = this.#first("waiting");
    if (next !== undefined) this.#sql.exec("UPDATE line SET state = 'holding', since = ? WHERE run_id = ?", now, next);
    return next;
  }

  /** Ends the hold of a run whose turn began before a time (ms). */
  passBy(before: number): void {
    this.#sql.exec("UPDATE line SET state = 'late' WHERE state = 'holding' AND since < ?", before);
  }

  late(): string[] {
    return this.#sql
      .exec<{ run_id: string }>("SELECT run_id FROM line WHERE state = 'late' ORDER BY position LIMIT 50")
      .toArray()
      .map(({ run_id }) => run_id);
  }

  #first(state: State): string | undefined {
    return this.#sql.exec<{ run_id: string }>("SELECT run_id FROM line WHERE state = ? ORDER BY position LIMIT 1", state).toArray()[0]
      ?.run_id;
  }

  #waiting(): number {
    return this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM line WHERE state = 'waiting'").one().count;
  }
}
