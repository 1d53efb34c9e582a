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

function viewStep({ kind, table, column, path, effect, locks, message, moves }: Step): SchemaStep {
  const statements = moves.flatMap(({ run, finish }) => [run, ...finish]);
  return { kind, table, column, path, effect, locks, message, statements };
}

/** A plan as callers see it. */
export async function viewPlan(steps: readonly Step[]): Promise<SchemaPlan> {
  const views = steps.map(viewStep);
  // How long it takes, and where a manifest asks for it, may change without the plan doing so.
  const hash = await digestOf(views.map(({ kind, table, column, effect, statements }) => ({ kind, table, column, effect, statements })));
  return { hash, steps: views };
}
