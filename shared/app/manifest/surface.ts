import { z } from "zod";

/** What a page can see of a workflow: the inputs it may fill and the outputs it may show. */
export interface WorkflowSurface {
  /** `null` where the start node cannot be read. */
  readonly inputs: readonly SurfaceInput[] | null;
  /** The names that any end node gives; `null` where an end node cannot be read. */
  readonly outputs: ReadonlySet<string> | null;
}

interface SurfaceInput {
  readonly name: string;
  /** A run cannot begin without a value from outside. */
  readonly needed: boolean;
}

const nodesSchema = z.object({ nodes: z.array(z.unknown()) });
const startSchema = z.object({
  type: z.literal("start"),
  config: z.object({ inputs: z.array(z.looseObject({ name: z.string(), required: z.boolean().optional() })).default([]) }).prefault({}),
});
const endSchema = z.object({
  type: z.literal("end"),
  config: z.object({ outputs: z.record(z.string(), z.unknown()).default({}) }).prefault({}),
});
const typeSchema = z.object({ type: z.string() });

/**
 * Reads a workflow that may have faults elsewhere, so that the page's own faults are found in the same go. What the
 * workflow's validation says of the nodes is not repeated here.
 */
export function readSurface(workflow: unknown): WorkflowSurface {
  const parsed = nodesSchema.safeParse(workflow);
  if (!parsed.success) return { inputs: null, outputs: null };
  const ofType = (type: string) => parsed.data.nodes.filter((node) => typeSchema.safeParse(node).data?.type === type);
  const starts = ofType("start").map((node) => startSchema.safeParse(node).data);
  const ends = ofType("end").map((node) => endSchema.safeParse(node).data);
  return { inputs: readInputs(starts), outputs: readOutputs(ends) };
}

function readInputs(starts: readonly (z.infer<typeof startSchema> | undefined)[]): SurfaceInput[] | null {
  const [start] = starts;
  if (starts.length !== 1 || !start) return null;
  return start.config.inputs.map((input) => ({
    name: input.name,
    needed: input.required === true && !("default" in input && input["default"] !== undefined),
  }));
}

function readOutputs(ends: readonly (z.infer<typeof endSchema> | undefined)[]): Set<string> | null {
  if (ends.length === 0 || ends.includes(undefined)) return null;
  return new Set(ends.flatMap((end) => Object.keys(end?.config.outputs ?? {})));
}
