import { z } from "zod";
import { byteStream } from "#platform/byte-stream";
import type { Context } from "#platform/context";
import { csvField, csvLine } from "#platform/csv";
import { errorCode } from "#platform/errors";
import type { TableDescription } from "#platform/objects/database-pool";
import { MAX_PAGE_ROWS, type RowsPage } from "../page.ts";
import { describeTable, readRows } from "../rows.ts";

export const fileFormatSchema = z.enum(["csv", "json", "ndjson"]);
export type FileFormat = z.infer<typeof fileFormatSchema>;

export interface ExportRequest {
  readonly table: string;
  readonly format: FileFormat;
  /** As `where` of a db node. */
  readonly filter?: Readonly<Record<string, unknown>>;
}

type Row = Readonly<Record<string, unknown>>;

/** How a table becomes a file: what stands before its rows, what each of them is, and what stands behind them. */
interface FileWriter {
  readonly head: string;
  row(row: Row, isFirst: boolean): string;
  readonly tail: string;
}

function csvWriter({ columns }: TableDescription): FileWriter {
  const field = (type: string, value: unknown) =>
    csvField(type === "json" && value !== null && value !== undefined ? JSON.stringify(value) : value);
  return {
    head: csvLine(columns.map(({ name }) => csvField(name))),
    row: (row) => csvLine(columns.map(({ name, type }) => field(type, row[name]))),
    tail: "",
  };
}

function fileWriter(format: FileFormat, table: TableDescription): FileWriter {
  switch (format) {
    case "csv":
      return csvWriter(table);
    case "json":
      return { head: "[", row: (row, isFirst) => `${isFirst ? "" : ","}\n${JSON.stringify(row)}`, tail: "\n]\n" };
    case "ndjson":
      return { head: "", row: (row) => `${JSON.stringify(row)}\n`, tail: "" };
  }
}

/** Pages of a table from its first row to its last, in the order of the ids. They become smaller where rows are too large for one. */
async function* pages(ctx: Context, workspaceId: string, { table, filter }: ExportRequest): AsyncGenerator<RowsPage> {
  const order = { table, ...(filter && { filter }), direction: "asc" } as const;
  let limit = MAX_PAGE_ROWS;
  let cursor: string | null | undefined;
  while (cursor !== null) {
    try {
      const page = await readRows(ctx, workspaceId, { ...order, limit, ...(cursor !== undefined && { cursor }) });
      yield page;
      cursor = page.next_cursor;
    } catch (error) {
      if (errorCode(error) !== "payload_too_large" || limit === 1) throw error;
      limit = Math.ceil(limit / 8);
    }
  }
}

async function* fileTexts(writer: FileWriter, first: RowsPage | undefined, rest: AsyncIterable<RowsPage>): AsyncGenerator<string> {
  let isFirst = true;
  const text = ({ rows }: RowsPage) =>
    rows
      .map((row) => {
        const written = writer.row(row, isFirst);
        isFirst = false;
        return written;
      })
      .join("");
  yield writer.head + (first ? text(first) : "");
  for await (const page of rest) yield text(page);
  yield writer.tail;
}

/**
 * A table as a file, read a page at a time while it is taken. A row that is there throughout is in it exactly once; of what changes
 * meanwhile, either state may be. Throws what reading the first page does; a later failure breaks the stream off.
 */
export async function exportRows(ctx: Context, workspaceId: string, request: ExportRequest): Promise<ReadableStream<Uint8Array>> {
  const table = await describeTable(ctx, workspaceId, request.table);
  const rest = pages(ctx, workspaceId, request);
  const { value: first } = await rest.next();
  return byteStream(fileTexts(fileWriter(request.format, table), first ?? undefined, rest));
}
