/** Rows of one batch, at most; each batch is one transaction. */
const MAX_BATCH_ROWS = 500;
/** Characters of the file that one batch takes, unless a single row takes more. */
const MAX_BATCH_SIZE = 512 * 1024;
/** Values of one batch: what PostgreSQL takes in one statement, with some to spare. */
const MAX_BATCH_VALUES = 60_000;

/** A row of a file as it is to be written. */
export interface PreparedRow {
  /** Which row of the file it is; the first is 1. */
  readonly number: number;
  readonly line: number;
  readonly size: number;
  readonly values: Readonly<Record<string, unknown>>;
  readonly operation: "insert" | "upsert";
  /** Rows of one shape can be written together. */
  readonly shape: string;
}

/** Rows that are written together, one after the other in the file. */
export class Batch {
  readonly #rows: PreparedRow[] = [];
  readonly #maxRows: number;
  #size = 0;

  /** `columns`: how many the table has. */
  constructor(columns: number) {
    this.#maxRows = Math.max(1, Math.min(MAX_BATCH_ROWS, Math.floor(MAX_BATCH_VALUES / Math.max(1, columns))));
  }

  takes({ shape, size }: PreparedRow): boolean {
    const [first] = this.#rows;
    return !first || (shape === first.shape && this.#rows.length < this.#maxRows && this.#size + size <= MAX_BATCH_SIZE);
  }

  add(row: PreparedRow): void {
    this.#rows.push(row);
    this.#size += row.size;
  }

  /** Empties the batch. */
  take(): PreparedRow[] {
    this.#size = 0;
    return this.#rows.splice(0);
  }
}
