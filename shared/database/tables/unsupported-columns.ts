import type { Fault } from "#platform/errors";
import type { Table } from "./table.ts";

/** Says of columns that exist, but are of types that no manifest declares, why they cannot be used. */
export function explainUnsupported(table: Table, faults: readonly Fault[]): Fault[] {
  return faults.map((fault) => {
    const column = fault.code === "unknown_column" ? table.columns.find(({ name }) => fault.path.endsWith(`.${name}`)) : undefined;
    if (!column) return fault;
    const message = `${table.name}.${column.name} is of the server's type ${column.type}: it can only be looked at`;
    return { path: fault.path, code: "unsupported_type", message };
  });
}
