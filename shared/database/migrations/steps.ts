import { digestOf } from "#platform/canonical";
import type { SchemaPlan, SchemaStep } from "#platform/objects/database-pool";
import type { MigrationStep } from "../engines/migrator.ts";

type StepKind =
  | "create_table"
  | "rename_table"
  | "drop_table"
  | "add_column"
  | "rename_column"
  | "alter_column"
  | "convert_column"
  | "replace_column"
  | "drop_column"
  | "create_index"
  | "drop_index"
  | "add_reference"
  | "drop_reference";

export interface Step extends MigrationStep {
  readonly kind: StepKind;
  readonly effect: SchemaStep["effect"];
  readonly locks: SchemaStep["locks"];
  /** What it does, for people. */
  readonly message: string;
}

function viewStep({ kind, table, column, path, effect, locks, message }: Step): SchemaStep {
  return { kind, table, column, path, effect, locks, message };
}

/** What a step does, and nothing that may change without that: how long it takes, or where a manifest asks for it. */
function essence({ kind, table, column, effect, moves }: Step) {
  return { kind, table, column, effect, statements: moves.flatMap(({ run, finish }) => [run, ...finish]) };
}

/** A plan as callers see it. */
export async function viewPlan(steps: readonly Step[]): Promise<SchemaPlan> {
  return { hash: await digestOf(steps.map(essence)), steps: steps.map(viewStep) };
}
