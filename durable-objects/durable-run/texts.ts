import { partsOf } from "#platform/text-parts";

/** Texts of any length by their key, in as many rows as they need. */
export class Texts {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get(key: string): string | undefined {
    const rows = this.#sql.exec<{ text: string }>("SELECT text FROM texts WHERE key = ? ORDER BY part", key).toArray();
    return rows.length === 0 ? undefined : rows.map(({ text }) => text).join("");
  }

  set(key: string, text: string): void {
    const parts = partsOf(text);
    for (const [part, own] of parts.entries()) {
      this.#sql.exec("INSERT OR REPLACE INTO texts (key, part, text) VALUES (?, ?, ?)", key, part, own);
    }
    // What was longer before must not keep its end.
    this.#sql.exec("DELETE FROM texts WHERE key = ? AND part >= ?", key, parts.length);
  }
}
