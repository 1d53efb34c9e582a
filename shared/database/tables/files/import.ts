import { auditRow } from "#platform/audit";
import type { Context } from "#platform/context";
import { type ErrorCode, errorCode, errorMessage } from "#platform/errors";
import type { TableDescription } from "#platform/objects/database-pool";
import { auditLogs } from "#platform/schema";
import { describeTable } from "../rows.ts";
import { csvRows } from "./csv-rows.ts";
import type { FileFormat } from "./export.ts";
import { Batch } from "./import-batch.ts";
import { jsonRows, ndjsonRows } from "./json-rows.ts";
import { type RefusedRow, RowWriter, type WriteMode } from "./row-writer.ts";
import type { RowFault, SourceRow } from "./source-row.ts";
import { textChunks } from "./text-chunks.ts";

/** Largest file, in bytes. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

export interface ImportRequest extends WriteMode {
  readonly table: string;
  readonly format: FileFormat;
  /** The first row of the file that is written; those before it are skipped. The first of the file is 1. */
  readonly fromRow: number;
}

/** How far an import has come. */
export interface ImportReport {
  readonly status: "running" | "completed" | "failed";
  /** Rows written by this request. */
  readonly imported: number;
  /** From where it can be gone on: all before this row is written, and nothing from it on. `null` when there is nothing left. */
  readonly next_row: number | null;
  readonly error: { readonly code: ErrorCode; readonly detail: string; readonly errors: readonly RowFault[] } | null;
}

function sourceRows(format: FileFormat, table: TableDescription, chunks: AsyncIterable<string>): AsyncGenerator<SourceRow> {
  switch (format) {
    case "csv":
      return csvRows(table, chunks);
    case "json":
      return jsonRows(chunks);
    case "ndjson":
      return ndjsonRows(chunks);
  }
}

/** One import: a file on its way into a table. */
class Import {
  readonly #ctx: Context;
  readonly #writer: RowWriter;
  readonly #batch: Batch;
  readonly #fromRow: number;

  constructor(ctx: Context, writer: RowWriter, columns: number, fromRow: number) {
    this.#ctx = ctx;
    this.#writer = writer;
    this.#batch = new Batch(columns);
    this.#fromRow = fromRow;
  }

  /** Reports after each batch; the last report says how it ended. */
  async *run(rows: AsyncIterable<SourceRow>): AsyncGenerator<ImportReport> {
    try {
      let number = 0;
      for await (const row of rows) {
        number += 1;
        if (row.faults.length > 0) return yield this.#refused((await this.#flush()) ?? { number, faults: row.faults });
        if (number < this.#fromRow) continue;
        const prepared = await this.#writer.prepare(row, number);
        if (!this.#batch.takes(prepared)) {
          const refused = await this.#flush();
          if (refused) return yield this.#refused(refused);
          yield this.#report("running", null);
        }
        this.#batch.add(prepared);
      }
      const refused = await this.#flush();
      yield refused ? this.#refused(refused) : this.#report("completed", null);
    } catch (error) {
      yield this.#broken(error);
    }
  }

  #flush(): Promise<RefusedRow | undefined> {
    return this.#writer.write(this.#batch.take());
  }

  #report(status: ImportReport["status"], error: ImportReport["error"]): ImportReport {
    const imported = this.#writer.written;
    return { status, imported, next_row: status === "completed" ? null : this.#fromRow + imported, error };
  }

  #refused({ faults }: RefusedRow): ImportReport {
    const [first] = faults;
    const place = first?.column ? `line ${first.line}, ${first.column}` : `line ${first?.line}`;
    const code = first?.code === "conflict" ? "conflict" : "validation_failed";
    return this.#report("failed", { code, detail: `${place}: ${first?.message}`, errors: faults });
  }

  /** What no row is to blame for. Whether the batch under way was written is not known then. */
  #broken(error: unknown): ImportReport {
    const code = errorCode(error);
    if (code) return this.#report("failed", { code, detail: errorMessage(error), errors: [] });
    this.#ctx.log.error("an import failed", error);
    return this.#report("failed", { code: "internal", detail: "The import could not be completed.", errors: [] });
  }
}

async function* audited(
  ctx: Context,
  workspaceId: string,
  { table, mode, format }: ImportRequest,
  reports: AsyncIterable<ImportReport>,
): AsyncGenerator<ImportReport> {
  let last: ImportReport | undefined;
  try {
    for await (const report of reports) {
      last = report;
      yield report;
    }
  } finally {
    // Also when its caller hangs up in the middle.
    if (last && last.imported > 0) {
      const after = { mode, format, imported: last.imported, status: last.status };
      const entry = { workspaceId, action: "database.rows_imported", targetType: "database_table", targetId: table, after };
      await ctx.db.insert(auditLogs).values(auditRow(ctx, entry));
    }
  }
}

/**
 * Writes the rows of a file to a table while it arrives, in batches of at most 500 rows, each of them whole or not at all. Ends at
 * the first row that cannot be written, which it names; all rows before it are written, and none after it. Throws not_found for an
 * unknown table; whatever fails later is told by the last report.
 */
export async function importRows(
  ctx: Context,
  workspaceId: string,
  request: ImportRequest,
  body: ReadableStream<Uint8Array>,
): Promise<AsyncGenerator<ImportReport>> {
  const table = await describeTable(ctx, workspaceId, request.table);
  const writer = new RowWriter(ctx, workspaceId, table, request);
  const rows = sourceRows(request.format, table, textChunks(body, MAX_FILE_BYTES));
  return audited(ctx, workspaceId, request, new Import(ctx, writer, table.columns.length, request.fromRow).run(rows));
}
