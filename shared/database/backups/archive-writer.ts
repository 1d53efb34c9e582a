import type { ArchivedRow, ArchivedTable, ArchiveHeader, TableTally } from "./archive-schema.ts";
import { createDigest, createTally } from "./tally.ts";

/** The rows of a table in the order of their ids, page by page. */
export type ReadRows = (table: ArchivedTable) => AsyncIterable<readonly ArchivedRow[]>;

interface ArchiveTotals {
  readonly tables: number;
  readonly rows: number;
}

/** An archive under way: its lines, and what they came to once they have been read to the end. */
export interface ArchiveDraft {
  readonly lines: AsyncIterable<string>;
  totals(): ArchiveTotals;
}

async function* tableLines(table: ArchivedTable, readRows: ReadRows, onEnd: (tally: TableTally) => void): AsyncGenerator<string> {
  const tally = createTally(table.name);
  for await (const rows of readRows(table)) {
    tally.add(rows);
    yield `${JSON.stringify({ rows_of: table.name, rows })}\n`;
  }
  const { rows, sha256 } = tally.end();
  onEnd({ table: table.name, rows, sha256 });
  yield `${JSON.stringify({ end_of: table.name, rows, sha256 })}\n`;
}

/**
 * Writes an archive: a line that says what it holds, each table's rows and their tally, and a last line that covers all
 * before it. No more than one page of rows is held at a time.
 */
export function writeArchive(header: ArchiveHeader, readRows: ReadRows): ArchiveDraft {
  let rows = 0;
  async function* content(): AsyncGenerator<string> {
    yield `${JSON.stringify(header)}\n`;
    for (const table of header.tables) {
      yield* tableLines(table, readRows, (tally) => {
        rows += tally.rows;
      });
    }
  }
  async function* lines(): AsyncGenerator<string> {
    const digest = createDigest();
    for await (const line of content()) {
      digest.add(line);
      yield line;
    }
    yield `${JSON.stringify({ end: true, tables: header.tables.length, rows, sha256: digest.end() })}\n`;
  }
  return { lines: lines(), totals: () => ({ tables: header.tables.length, rows }) };
}
