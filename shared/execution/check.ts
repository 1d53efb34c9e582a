import { z } from "zod";
import type { DbSchema } from "#database";
import type { Fault } from "#platform/errors";
import { faultsOf } from "#platform/faults";
import { bodiesOf, bodyFaults, placed } from "./validate/bodies.ts";
import { codeFaults } from "./validate/code.ts";
import { pathOf } from "./validate/config-fault.ts";
import { databaseFaults } from "./validate/database.ts";
import { type Around, aroundBody, expressionFaults, NOWHERE } from "./validate/expressions.ts";
import { graphFaults } from "./validate/graph.ts";
import { configFaults, deepConfigFaults } from "./validate/node-config.ts";
import { readStructure, type Structure } from "./validate/structure.ts";
import { edgeSchema, MAX_EDGES, MAX_NODES, nodeSchema, type Workflow } from "./workflow.ts";

export interface Surroundings {
  /** `null` when the db_schema is itself not valid: then tables and columns are not looked up. */
  readonly dbSchema: DbSchema | null;
}

export type CheckedWorkflow = { readonly ok: true; readonly workflow: Workflow } | { readonly ok: false; readonly faults: Fault[] };

/** A workflow's structure and the config of each node by its type; what crosses nodes is for {@link validateWorkflow}. */
export const workflowSchema: z.ZodType<Workflow> = z
  .strictObject({ nodes: z.array(nodeSchema).max(MAX_NODES), edges: z.array(edgeSchema).max(MAX_EDGES) })
  .superRefine((workflow, check) => {
    for (const fault of deepConfigFaults(workflow.nodes.map((node, index) => ({ index, node })))) {
      check.addIssue({ code: "custom", message: fault.message, path: [...fault.at] });
    }
  });

/** Every fault of a workflow whose structure is sound, all at once. Paths begin with `workflow.`. */
export function validateWorkflow(workflow: Workflow, surroundings: Surroundings): Promise<Fault[]> {
  return faultsIn(readStructure(workflow), surroundings, NOWHERE);
}

/** Reads a workflow from JSON: structure, nodes, graph, expressions and tables, with every fault at once. */
export async function checkWorkflow(json: unknown, surroundings: Surroundings): Promise<CheckedWorkflow> {
  const faults = await faultsIn(readStructure(json), surroundings, NOWHERE);
  if (faults.length > 0) return { ok: false, faults };
  const parsed = workflowSchema.safeParse(json);
  return parsed.success ? { ok: true, workflow: parsed.data } : { ok: false, faults: faultsOf(parsed.error, ["workflow"]) };
}

async function faultsIn(structure: Structure, surroundings: Surroundings, around: Around): Promise<Fault[]> {
  const { dbSchema } = surroundings;
  const ofBodies = bodiesOf(structure).map(async ({ owner, path, structure: body }) =>
    placed(path, await faultsIn(body, surroundings, aroundBody(structure, owner, around))),
  );
  return [
    ...structure.faults,
    ...configFaults(structure.nodes).map((fault) => ({ path: pathOf(fault), code: fault.code, message: fault.message })),
    ...graphFaults(structure),
    ...bodyFaults(structure.nodes, around.depth),
    ...(await expressionFaults(structure, around)),
    ...(await codeFaults(structure.nodes)),
    ...databaseFaults(structure.nodes, dbSchema),
    ...(await Promise.all(ofBodies)).flat(),
  ];
}
