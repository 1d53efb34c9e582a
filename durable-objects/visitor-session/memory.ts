import type { Conversation, Overflow, Turn } from "#platform/objects/visitor-session";

/** Turns, and bytes of them (UTF-8), that are remembered one by one. */
const MAX_TURNS = 50;
const MAX_BYTES = 64 * 1024;
/** What is left of them when the rest is summed up: half, so that not every turn has to be. */
const KEPT_TURNS = 25;
const KEPT_BYTES = 32 * 1024;
/** Bytes of a turn's texts, each: no turn alone reaches the bounds. */
const MAX_TEXT_BYTES = 12 * 1024;
/** Milliseconds after which a run that was to sum up is not waited for any more. */
const CONDENSING_LASTS = 180_000;

/** What stands for turns that nobody could sum up. */
const FORGOTTEN = "Earlier parts of this conversation are no longer known.";

interface Row extends Record<string, SqlStorageValue> {
  position: number;
  run_id: string;
  said: string;
  answer: string;
  at: number;
  bytes: number;
}

const encoder = new TextEncoder();

function sizeOf(text: string): number {
  return encoder.encode(text).byteLength;
}

/** A text within the bound, cut between characters. */
function bounded(text: string): string {
  const bytes = encoder.encode(text);
  if (bytes.byteLength <= MAX_TEXT_BYTES) return text;
  return `${new TextDecoder().decode(bytes.subarray(0, MAX_TEXT_BYTES)).replace(/\uFFFD+$/, "")}…`;
}

function turnOf({ run_id, said, answer, at }: Row): Turn {
  return { run_id, said, answer, at };
}

/** The newest of some rows, newest first, that are within bounds. */
function newestWithin(rows: readonly Row[], turns: number, bytes: number): Row[] {
  let size = 0;
  const end = rows.findIndex((row, index) => {
    size += row.bytes;
    return index >= turns || size > bytes;
  });
  return rows.slice(0, end === -1 ? rows.length : end);
}

/** What has been said, within bounds, in the object's SQLite. */
export class Memory {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Keeps a turn. The same run's again changes nothing. */
  keep(runId: string, turn: Pick<Turn, "said" | "answer">, now: number): void {
    const [said, answer] = [bounded(turn.said), bounded(turn.answer)];
    this.#sql.exec(
      "INSERT OR IGNORE INTO turns (run_id, said, answer, at, bytes) VALUES (?, ?, ?, ?, ?)",
      runId,
      said,
      answer,
      now,
      sizeOf(said) + sizeOf(answer),
    );
  }

  read(): Conversation {
    const known = newestWithin(this.#newestFirst(), MAX_TURNS, MAX_BYTES);
    return { summary: this.#summary(), turns: known.map(turnOf).reverse() };
  }

  /** The turns that are to be summed up, where there are too many and nobody is at it. */
  takeOverflow(now: number): Overflow | null {
    const rows = this.#newestFirst();
    if (newestWithin(rows, MAX_TURNS, MAX_BYTES).length === rows.length) return null;
    const { condensing_since } = this.#sql.exec<{ condensing_since: number | null }>("SELECT condensing_since FROM memory").one();
    if (condensing_since !== null && condensing_since > now - CONDENSING_LASTS) return null;
    this.#sql.exec("UPDATE memory SET condensing_since = ?", now);
    const leaving = rows.slice(newestWithin(rows, KEPT_TURNS, KEPT_BYTES).length);
    return { summary: this.#summary(), turns: leaving.map(turnOf).reverse(), upTo: leaving[0]?.position ?? 0 };
  }

  /** What was summed up before stays as it is. */
  condense(upTo: number, summary: string | null): void {
    const gone = this.#sql.exec("DELETE FROM turns WHERE position <= ? RETURNING position", upTo).toArray();
    if (gone.length === 0) return;
    const text = summary === null ? this.#withoutThem() : bounded(summary);
    this.#sql.exec("UPDATE memory SET summary = ?, condensing_since = NULL", text);
  }

  #withoutThem(): string {
    const known = this.#summary();
    if (known === null) return FORGOTTEN;
    return known.endsWith(FORGOTTEN) ? known : `${known}\n${FORGOTTEN}`;
  }

  forget(): void {
    this.#sql.exec("DELETE FROM turns");
    this.#sql.exec("UPDATE memory SET summary = NULL, condensing_since = NULL");
  }

  /** When something was last said or asked for (ms). */
  get usedAt(): number {
    return this.#sql.exec<{ used_at: number }>("SELECT used_at FROM memory").one().used_at;
  }

  use(now: number): void {
    this.#sql.exec("UPDATE memory SET used_at = ?", now);
  }

  #summary(): string | null {
    return this.#sql.exec<{ summary: string | null }>("SELECT summary FROM memory").one().summary;
  }

  #newestFirst(): Row[] {
    return this.#sql.exec<Row>("SELECT position, run_id, said, answer, at, bytes FROM turns ORDER BY position DESC").toArray();
  }
}
