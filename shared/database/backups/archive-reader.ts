import { AppError, errorCode } from "#platform/errors";
import { type ArchivedRow, type ArchivedTable, type ArchiveHeader, headerSchema, lineSchema, type TableTally } from "./archive-schema.ts";
import { linesOf, through } from "./byte-streams.ts";
import { createDigest, createTally, type Digest, type Tally } from "./tally.ts";

/** What a backup's archive is known to be, from when it was made. */
export interface ArchiveSeal {
  readonly bytes: number;
  /** SHA-256 of the stored bytes, in hexadecimal. */
  readonly sha256: string;
}

export type ArchiveEvent =
  | { readonly kind: "header"; readonly header: ArchiveHeader }
  | { readonly kind: "rows"; readonly table: ArchivedTable; readonly rows: readonly ArchivedRow[] }
  | { readonly kind: "table_end"; readonly tally: TableTally };

/** The refusal of an archive that is not what was made. */
function damaged(cause?: unknown): AppError {
  return new AppError("invalid_state", "The backup is damaged: it is not what was stored. Nothing was changed.", { cause });
}

/** The bytes of an archive, which must be those of its seal. An error on the way is not the archive's. */
async function* sealedBytes(source: AsyncIterable<Uint8Array>, seal: ArchiveSeal): AsyncGenerator<Uint8Array> {
  const digest = createDigest();
  let bytes = 0;
  try {
    for await (const chunk of source) {
      bytes += chunk.byteLength;
      digest.add(chunk);
      yield chunk;
    }
  } catch (error) {
    throw new AppError("upstream_unavailable", "The backup cannot be read at the moment.", { cause: error });
  }
  if (bytes !== seal.bytes || digest.end() !== seal.sha256) throw damaged();
}

/** Where a reader is: which table's rows are next, and what has come so far. */
class ArchiveState {
  readonly #header: ArchiveHeader;
  readonly #digest: Digest;
  #position = 0;
  #tally: Tally | undefined;
  #rows = 0;
  isComplete = false;

  constructor(header: ArchiveHeader, digest: Digest) {
    this.#header = header;
    this.#digest = digest;
  }

  /** Takes the next line. Throws when it cannot come here, or does not agree with what came before. */
  take(text: string): ArchiveEvent | undefined {
    if (this.isComplete) throw damaged();
    const line = lineSchema.parse(JSON.parse(text));
    if ("end" in line) {
      const { length } = this.#header.tables;
      if (this.#position !== length || line.tables !== length || line.rows !== this.#rows || line.sha256 !== this.#digest.end()) {
        throw damaged();
      }
      this.isComplete = true;
      return undefined;
    }
    this.#digest.add(`${text}\n`);
    const table = this.#header.tables[this.#position];
    if (!table || table.name !== ("rows_of" in line ? line.rows_of : line.end_of)) throw damaged();
    this.#tally ??= createTally(table.name);
    return "rows_of" in line ? this.#takeRows(table, line.rows) : this.#endTable(line, this.#tally.end());
  }

  #takeRows(table: ArchivedTable, rows: readonly ArchivedRow[]): ArchiveEvent {
    if (rows.some((row) => row.length !== table.columns.length)) throw damaged();
    this.#tally?.add(rows);
    return { kind: "rows", table, rows };
  }

  #endTable(line: { readonly rows: number; readonly sha256: string }, tally: TableTally): ArchiveEvent {
    if (line.rows !== tally.rows || line.sha256 !== tally.sha256) throw damaged();
    this.#rows += tally.rows;
    this.#position += 1;
    this.#tally = undefined;
    return { kind: "table_end", tally };
  }
}

async function* events(lines: AsyncIterable<string>): AsyncGenerator<ArchiveEvent> {
  let state: ArchiveState | undefined;
  for await (const text of lines) {
    if (state) {
      const event = state.take(text);
      if (event) yield event;
      continue;
    }
    const header = headerSchema.parse(JSON.parse(text));
    const digest = createDigest();
    digest.add(`${text}\n`);
    state = new ArchiveState(header, digest);
    yield { kind: "header", header };
  }
  if (!state?.isComplete) throw damaged();
}

/**
 * Reads an archive page by page, checking every count and digest on the way. What it holds may be relied on only once it has been
 * read to the end: throws invalid_state for an archive that is not, byte for byte, what was stored, and upstream_unavailable
 * when it cannot be read.
 */
export async function* readArchive(source: AsyncIterable<Uint8Array>, seal: ArchiveSeal): AsyncGenerator<ArchiveEvent> {
  const reader = events(linesOf(through(sealedBytes(source, seal), new DecompressionStream("gzip"), damaged)));
  try {
    for (;;) {
      const next = await reader.next().catch((error: unknown) => {
        throw errorCode(error) ? error : damaged(error);
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await reader.return(undefined);
  }
}

/** Reads an archive to its end, and gives its header and what each table holds. Throws what `readArchive` does. */
export async function verifyArchive(
  source: AsyncIterable<Uint8Array>,
  seal: ArchiveSeal,
): Promise<{ readonly header: ArchiveHeader; readonly tallies: readonly TableTally[] }> {
  let header: ArchiveHeader | undefined;
  const tallies: TableTally[] = [];
  for await (const event of readArchive(source, seal)) {
    if (event.kind === "header") header = event.header;
    if (event.kind === "table_end") tallies.push(event.tally);
  }
  if (!header) throw damaged();
  return { header, tallies };
}
