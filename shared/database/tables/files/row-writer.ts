import { z } from "zod";
import type { Context } from "#platform/context";
import { errorCode, errorMessage } from "#platform/errors";
import type { TableDescription } from "#platform/objects/database-pool";
import type { DbOperation } from "../../operations/operation.ts";
import { askPool } from "../../pool/pool-client.ts";
import type { PreparedRow } from "./import-batch.ts";
import { repeatableId } from "./repeatable-id.ts";
import type { RowFault, SourceRow } from "./source-row.ts";

/** How rows of a file become rows of a table. */
export interface WriteMode {
  readonly mode: "insert" | "upsert";
  /** The unique columns by which an upsert finds the rows that exist. */
  readonly conflict?: readonly string[] | undefined;
  /** Names the import: a repetition under the same key writes the same rows again instead of further ones. */
  readonly key?: string | undefined;
}

/** The first row that cannot be written. */
export interface RefusedRow {
  readonly number: number;
  readonly faults: readonly RowFault[];
}

const faultySchema = z.object({ faults: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })) });

const faultsIn = (error: unknown) => faultySchema.safeParse(error).data?.faults ?? [];

/** The faults of the first row that has any, by its index among the rows written together. */
function firstFaulty(error: unknown): { readonly index: number; readonly faults: readonly Omit<RowFault, "line">[] } | undefined {
  const found = faultsIn(error).flatMap(({ path, code, message }) => {
    const [, index, column] = /^values\[(\d+)\](?:\.(.+))?$/.exec(path) ?? [];
    return index === undefined ? [] : [{ index: Number(index), column: column ?? null, code, message }];
  });
  if (found.length === 0) return undefined;
  const index = Math.min(...found.map((fault) => fault.index));
  return { index, faults: found.filter((fault) => fault.index === index).map(({ column, code, message }) => ({ column, code, message })) };
}

/** Writes rows in their order, so that all before the first refused one are written and none after it. */
export class RowWriter {
  readonly #ctx: Context;
  readonly #workspaceId: string;
  readonly #table: TableDescription;
  readonly #mode: WriteMode;
  #written = 0;

  constructor(ctx: Context, workspaceId: string, table: TableDescription, mode: WriteMode) {
    this.#ctx = ctx;
    this.#workspaceId = workspaceId;
    this.#table = table;
    this.#mode = mode;
  }

  /** Rows written so far. */
  get written(): number {
    return this.#written;
  }

  /** The row as it is to be written. With a key its id follows from the key and its number, unless the file gives one. */
  async prepare({ line, size, values }: SourceRow, number: number): Promise<PreparedRow> {
    const { mode, key } = this.#mode;
    const id = this.#idName;
    if (mode === "upsert") {
      const shape = `upsert ${Object.keys(values).sort().join()}`;
      return { number, line, size, values, operation: mode, shape };
    }
    if (key === undefined || (values[id] ?? null) !== null) return { number, line, size, values, operation: mode, shape: mode };
    const made = { ...values, [id]: await repeatableId([this.#workspaceId, this.#table.name, key, String(number)]) };
    return { number, line, size, values: made, operation: "upsert", shape: `repeatable ${Object.keys(made).sort().join()}` };
  }

  /** Writes rows of one shape in one transaction. Gives the first row that was refused; those before it are written then. */
  async write(rows: readonly PreparedRow[]): Promise<RefusedRow | undefined> {
    if (rows.length === 0) return undefined;
    const operation = this.#operation(rows);
    try {
      await askPool(this.#ctx, this.#workspaceId, (pool) => pool.execute(this.#workspaceId, { operation, countOnly: true }));
      this.#written += rows.length;
      return undefined;
    } catch (error) {
      return this.#writeUpToRefused(rows, error);
    }
  }

  /** None of the rows was written. What the server refused names no row: it is found by halves. */
  async #writeUpToRefused(rows: readonly PreparedRow[], error: unknown): Promise<RefusedRow | undefined> {
    const code = errorCode(error);
    const isRows = code === "conflict" || (code === "validation_failed" && faultsIn(error).every(({ path }) => path.startsWith("values")));
    if (!isRows) throw error;
    const faulty = firstFaulty(error);
    if (faulty) {
      const before = await this.write(rows.slice(0, faulty.index));
      return before ?? refused(rows[faulty.index], faulty.faults);
    }
    if (rows.length > 1) {
      const half = Math.ceil(rows.length / 2);
      return (await this.write(rows.slice(0, half))) ?? (await this.write(rows.slice(half)));
    }
    const [fault] = faultsIn(error);
    return refused(rows[0], [{ column: null, code: fault?.code ?? code, message: fault?.message ?? errorMessage(error) }]);
  }

  get #idName(): string {
    return this.#table.columns.find(({ primary }) => primary)?.name ?? "id";
  }

  #operation(rows: readonly PreparedRow[]): DbOperation {
    const values = rows.map((row) => row.values);
    const table = this.#table.name;
    if (rows[0]?.operation === "insert") return { operation: "insert", table, values };
    const conflict = this.#mode.mode === "insert" ? [this.#idName] : this.#mode.conflict;
    return { operation: "upsert", table, values, ...(conflict && { conflict: [...conflict] }) };
  }
}

function refused(row: PreparedRow | undefined, faults: readonly Omit<RowFault, "line">[]): RefusedRow | undefined {
  return row && { number: row.number, faults: faults.map((fault) => ({ line: row.line, ...fault })) };
}
