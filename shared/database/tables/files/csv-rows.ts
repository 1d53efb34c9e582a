import type { TableDescription } from "#platform/objects/database-pool";
import type { ColumnType } from "../../schema/db-schema.ts";
import { expectationOf } from "../../schema/values.ts";
import { isColumnType } from "../table.ts";
import { type CsvField, type CsvRecord, csvRecords } from "./csv-parser.ts";
import { faultyRow, oversizedRow, type RowFault, type SourceRow } from "./source-row.ts";

type Column = TableDescription["columns"][number];

const MALFORMED = {
  stray_quote: 'has a quote inside a field without quotes: write the field in quotes, and each quote in it as ""',
  after_quote: "has something after a closing quote: only a comma or the end of the line may follow",
  open_quote: "has a field whose closing quote is missing",
} as const;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false, t: true, f: false, "1": true, "0": false };

/** What a cell holds, or `undefined` where its text is none of that type. Texts of other types are judged where they are written. */
function parseCell(type: ColumnType, text: string): { readonly value: unknown } | undefined {
  switch (type) {
    case "number":
      return NUMBER.test(text) && Number.isFinite(Number(text)) ? { value: Number(text) } : undefined;
    case "boolean": {
      const value = BOOLEANS[text.toLowerCase()];
      return value === undefined ? undefined : { value };
    }
    case "json":
      return parseJson(text);
    default:
      return { value: text };
  }
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** What a row is to hold in a column. `undefined`: nothing is given, so that it gets its default. */
function cellValue(column: Column, { text, quoted }: CsvField, line: number): { readonly value: unknown } | { readonly fault: RowFault } {
  if (text === "" && !quoted) {
    if (column.nullable) return { value: null };
    if (column.primary || column.default !== undefined) return { value: undefined };
    const hint = column.type === "text" ? ' (an empty text is written "")' : "";
    return { fault: { line, column: column.name, code: "required", message: `must have a value${hint}` } };
  }
  if (!isColumnType(column.type)) return { value: text };
  return (
    parseCell(column.type, text) ?? { fault: { line, column: column.name, code: "invalid_value", message: expectationOf(column.type) } }
  );
}

/** The columns that a header names, or what is wrong with it. */
function readHeader(table: TableDescription, fields: readonly CsvField[], line: number): readonly Column[] | SourceRow {
  const names = fields.map(({ text }) => text);
  const faults = names.flatMap((name, index): RowFault[] => {
    const fault = (code: string, message: string) => [{ line, column: name, code, message }];
    if (!table.columns.some((column) => column.name === name)) {
      const known = table.columns.map((column) => column.name).join(", ");
      return fault("unknown_column", `is no column of "${table.name}": the first line names its columns (${known})`);
    }
    return names.indexOf(name) < index ? fault("repeated_column", "is named twice") : [];
  });
  if (faults.length > 0) return { line, size: 0, values: {}, faults };
  return names.flatMap((name) => table.columns.find((column) => column.name === name) ?? []);
}

function readRecord(columns: readonly Column[], record: Extract<CsvRecord, { fields: unknown }>): SourceRow {
  const { line, size, fields } = record;
  if (fields.length !== columns.length) {
    return faultyRow(line, "uneven_row", `has ${fields.length} fields where the first line has ${columns.length}`);
  }
  const values: Record<string, unknown> = {};
  const faults: RowFault[] = [];
  for (const [index, column] of columns.entries()) {
    const cell = cellValue(column, fields[index] ?? { text: "", quoted: false }, line);
    if ("fault" in cell) faults.push(cell.fault);
    else if (cell.value !== undefined) values[column.name] = cell.value;
  }
  return { line, size, values, faults };
}

/**
 * The rows of a CSV file whose first line names columns of the table. An empty field is no value, or the column's default where it
 * must have one; `""` is an empty text. Ends with the first row that shows that the rest cannot be read.
 */
export async function* csvRows(table: TableDescription, chunks: AsyncIterable<string>): AsyncGenerator<SourceRow> {
  let columns: readonly Column[] | undefined;
  for await (const record of csvRecords(chunks)) {
    if ("malformed" in record) {
      const { line, malformed } = record;
      yield malformed === "too_big" ? oversizedRow(line) : faultyRow(line, "malformed", MALFORMED[malformed]);
      return;
    }
    if (columns) {
      yield readRecord(columns, record);
      continue;
    }
    const header = readHeader(table, record.fields, record.line);
    if ("faults" in header) {
      yield header;
      return;
    }
    columns = header;
  }
}
