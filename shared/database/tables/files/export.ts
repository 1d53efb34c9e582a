import { z } from "zod";
import type { Context } from "#platform/context";
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

/** A field of RFC 4180. No value is nothing at all, so that an empty text is `""`. */
function csvField(type: string, value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = type === "json" || typeof value === "object" ? JSON.stringify(value) : String(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvWriter({ columns }: TableDescription): FileWriter {
  const line = (fields: readonly string[]) => `${fields.join(",")}\r\n`;
  return {
    head: line(columns.map(({ name }) => csvField("text", name))),
    row: (row) => line(columns.map(({ name, type }) => csvField(type, row[name]))),
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

/** A stream of texts that are made as they are read. */
function byteStream(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await texts.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await texts.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
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
