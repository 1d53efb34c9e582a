import type { GateAnswer, GateRules } from "#platform/objects/run-gate";

/** Runs that may stand in line; more are refused. */
const MAX_WAITING = 10_000;

/** `called`: its turn has come, and it has not been seen to begin. */
type State = "waiting" | "called" | "running";

interface Row extends Record<string, SqlStorageValue> {
  run_id: string;
  app_id: string;
}

/** A run whose turn it is. */
export interface Turn {
  readonly runId: string;
  readonly appId: string;
}

/** The runs of one app that go on, and those that wait for their turn, first come first served. */
export class Line {
  readonly #sql: SqlStorage;
  /** How many stand in line. Counted once: counting reads every row. */
  #waiting: number | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  enter(runId: string, appId: string, { limit, overflow }: GateRules, now: number): GateAnswer {
    this.#sql.exec("INSERT INTO rules (id, run_limit) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET run_limit = excluded.run_limit", limit);
    const known = this.#stateOf(runId);
    if (known) return known === "waiting" ? "wait" : "go";
    if (this.waiting === 0 && this.busy() < limit) return this.#add(runId, appId, "running", now, "go");
    if (overflow === "reject" || this.waiting >= MAX_WAITING) return "full";
    return this.#add(runId, appId, "waiting", now, "wait");
  }

  #add(runId: string, appId: string, state: "waiting" | "running", now: number, answer: GateAnswer): GateAnswer {
    this.#sql.exec("INSERT INTO runs (run_id, app_id, state, since) VALUES (?, ?, ?, ?)", runId, appId, state, now);
    if (state === "waiting") this.#waiting = this.waiting + 1;
    return answer;
  }

  #stateOf(runId: string): State | undefined {
    return this.#sql.exec<{ state: State }>("SELECT state FROM runs WHERE run_id = ?", runId).toArray()[0]?.state;
  }

  leave(runId: string): void {
    if (this.#stateOf(runId) === "waiting") this.#waiting = this.waiting - 1;
    this.#sql.exec("DELETE FROM runs WHERE run_id = ?", runId);
  }

  /** A run that was called has begun. */
  begun(runId: string, now: number): void {
    this.#sql.exec("UPDATE runs SET state = 'running', since = ? WHERE run_id = ? AND state = 'called'", now, runId);
  }

  /** Calls as many of those who wait as there is room for. */
  call(now: number): Turn[] {
    const [rules] = this.#sql.exec<{ run_limit: number }>("SELECT run_limit FROM rules").toArray();
    const room = (rules?.run_limit ?? 1) - this.busy();
    if (room <= 0 || this.waiting === 0) return [];
    const called = this.#turns(
      `UPDATE runs SET state = 'called', since = ? WHERE position IN
         (SELECT position FROM runs WHERE state = 'waiting' ORDER BY position LIMIT ?)
       RETURNING run_id, app_id, position`,
      now,
      room,
    );
    this.#waiting = this.waiting - called.length;
    return called;
  }

  /** Those who were called, and have not been seen to begin. */
  called(): Turn[] {
    return this.#turns("SELECT run_id, app_id FROM runs WHERE state = 'called' ORDER BY position");
  }

  /** Runs that have been let in, and not heard of since a time (ms). */
  silentSince(before: number): Turn[] {
    return this.#turns("SELECT run_id, app_id FROM runs WHERE state <> 'waiting' AND since < ? ORDER BY since LIMIT 50", before);
  }

  /** A run was looked after, and goes on. */
  seen(runId: string, now: number): void {
    this.#sql.exec("UPDATE runs SET since = ? WHERE run_id = ?", now, runId);
  }

  get waiting(): number {
    this.#waiting ??= this.#count("waiting");
    return this.#waiting;
  }

  /** Runs that have been let in: no more than the limit. */
  busy(): number {
    return this.#count("running") + this.#count("called");
  }

  #turns(statement: string, ...values: SqlStorageValue[]): Turn[] {
    return this.#sql
      .exec<Row>(statement, ...values)
      .toArray()
      .map(({ run_id, app_id }) => ({ runId: run_id, appId: app_id }));
  }

  #count(state: State): number {
    return this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM runs WHERE state = ?", state).one().count;
  }
}
