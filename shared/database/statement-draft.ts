import type { Fault } from "#platform/errors";
import type { DbTable } from "./schema.ts";

/** A statement under construction: its parameters so far, and every fault found on the way. */
export interface StatementDraft {
  readonly params: (string | null)[];
  readonly faults: Fault[];
  /** Adds a parameter and returns its placeholder. */
  param(value: string | null): string;
  unknownColumn(path: string, table: DbTable, name: string): void;
}

export function createDraft(): StatementDraft {
  const params: (string | null)[] = [];
  const faults: Fault[] = [];
  return {
    params,
    faults,
    param: (value) => `$${params.push(value)}`,
    unknownColumn: (path, table, name) => {
      faults.push({ path, code: "unknown_column", message: `there is no column "${name}" in table "${table.name}"` });
    },
  };
}
