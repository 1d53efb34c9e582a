/** What is wrong with a row of a file. */
export interface RowFault {
  /** The line of the file on which the row begins; the first is 1. */
  readonly line: number;
  readonly column: string | null;
  readonly code: string;
  /** What would be right. */
  readonly message: string;
}

/** A row of a file, for a table. */
export interface SourceRow {
  readonly line: number;
  /** Characters of the file that it takes. */
  readonly size: number;
  readonly values: Readonly<Record<string, unknown>>;
  /** Where there are any, the values are void. */
  readonly faults: readonly RowFault[];
}

/** Largest row, in characters. */
export const MAX_ROW_SIZE = 1024 * 1024;

/** A row that cannot be read. */
export function faultyRow(line: number, code: string, message: string, column: string | null = null): SourceRow {
  return { line, size: 0, values: {}, faults: [{ line, column, code, message }] };
}

export function oversizedRow(line: number): SourceRow {
  return faultyRow(line, "too_big", `is larger than ${MAX_ROW_SIZE} characters`);
}
