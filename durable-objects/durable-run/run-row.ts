/** `queued`: waits for its turn. `running`: a life goes on, or is to. `waiting`: sleeps until `wakeAt`, or until it is answered. */
export type RowStatus = "queued" | "running" | "waiting" | "ended";

interface StoredRow extends Record<string, SqlStorageValue> {
  run_id: string;
  key_hash: string | null;
  body_hash: string | null;
  status: string;
  cancelled: number;
  wake_at: number | null;
  lives: number;
  progress: number;
  started_at: number;
  ended_at: number | null;
  told: string | null;
  revision: number;
  recorded: number;
  settled: number;
}

/** Where the run stands, in one row. Everything in it is durable before anybody hears of it. */
export class RunRow {
  readonly #sql: SqlStorage;
  #row: StoredRow | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get #stored(): StoredRow | undefined {
    this.#row ??= this.#sql.exec<StoredRow>("SELECT * FROM run").toArray()[0];
    return this.#row;
  }

  get #known(): StoredRow {
    const row = this.#stored;
    if (!row) throw new Error("this object has no run");
    return row;
  }

  create(run: { runId: string; keyHash: string | null; bodyHash: string | null; status: RowStatus; startedAt: number }): void {
    const { runId, keyHash, bodyHash, status, startedAt } = run;
    this.#sql.exec(
      "INSERT INTO run (id, run_id, key_hash, body_hash, status, started_at) VALUES (1, ?, ?, ?, ?, ?)",
      runId,
      keyHash,
      bodyHash,
      status,
      startedAt,
    );
  }

  /** Everything has been deleted. */
  forget(): void {
    this.#row = undefined;
  }

  get exists(): boolean {
    return this.#stored !== undefined;
  }
  get runId(): string {
    return this.#known.run_id;
  }
  get key(): { readonly hash: string; readonly bodyHash: string } | null {
    const { key_hash: hash, body_hash: bodyHash } = this.#known;
    return hash === null || bodyHash === null ? null : { hash, bodyHash };
  }
  get status(): RowStatus {
    const { status } = this.#known;
    return status === "queued" || status === "waiting" || status === "ended" ? status : "running";
  }
  get cancelled(): boolean {
    return this.#known.cancelled === 1;
  }
  get wakeAt(): number | null {
    return this.#known.wake_at;
  }
  get lives(): number {
    return this.#known.lives;
  }
  get startedAt(): number {
    return this.#known.started_at;
  }
  get endedAt(): number | null {
    return this.#known.ended_at;
  }
  /** The status that the platform database was told of last. */
  get told(): string | null {
    return this.#known.told;
  }
  get revision(): number {
    return this.#known.revision;
  }
  /** Whether the run's end is in its outbox. */
  get recorded(): boolean {
    return this.#known.recorded === 1;
  }
  /** Whether what follows from the end is done: the gate told. */
  get settled(): boolean {
    return this.#known.settled === 1;
  }

  #set(changes: Readonly<Record<string, SqlStorageValue>>): void {
    const names = Object.keys(changes);
    this.#sql.exec(`UPDATE run SET ${names.map((name) => `${name} = ?`).join(", ")}`, ...Object.values(changes));
    this.#row = { ...this.#known, ...changes };
  }

  go(): void {
    this.#set({ status: "running", wake_at: null });
  }
  wait(wakeAt: number | null): void {
    // A life that ends in waiting has come as far as it could.
    // Whatever it has brought is to be told, also of a run that waited before.
    this.#set({ status: "waiting", wake_at: wakeAt, lives: 0, told: null });
  }
  end(now: number): void {
    this.#set({ status: "ended", wake_at: null, ended_at: now });
  }
  cancel(): void {
    this.#set({ cancelled: 1 });
  }
  /** Counts a life that the alarm begins; those before which the run came further do not count. */
  live(progress: number): void {
    this.#set({ lives: progress > this.#known.progress ? 1 : this.#known.lives + 1, progress });
  }
  tell(status: string): number {
    this.#set({ told: status, revision: this.#known.revision + 1 });
    return this.#known.revision;
  }
  record(): void {
    this.#set({ recorded: 1 });
  }
  settle(): void {
    this.#set({ settled: 1 });
  }
}
