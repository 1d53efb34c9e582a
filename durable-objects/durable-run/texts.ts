/** Characters of one row: even at four bytes each, well under the 2 MB that a row may hold. */
const PART = 400_000;

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
    let part = 0;
    for (let from = 0; part === 0 || from < text.length; from += PART) {
      this.#sql.exec("INSERT OR REPLACE INTO texts (key, part, text) VALUES (?, ?, ?)", key, part, text.slice(from, from + PART));
      part += 1;
    }
    if (part > 1 || text === "") return;
    // What was longer before must not keep its end.
    this.#sql.exec("DELETE FROM texts WHERE key = ? AND part >= ?", key, part);
  }
}
