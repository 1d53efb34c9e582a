import { formatPath } from "#platform/faults";

/** A fault whose path is still in parts, counted from the workflow. */
export interface ConfigFault {
  readonly at: readonly PropertyKey[];
  readonly code: string;
  readonly message: string;
}

/** The fault's path as text: `workflow.nodes[2].config.table`. */
export function pathOf({ at }: ConfigFault): string {
  return formatPath(["workflow", ...at]);
}
