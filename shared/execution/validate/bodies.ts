import type { Fault } from "#platform/errors";
import { findNodeType } from "../nodes/registry.ts";
import type { WorkflowNode } from "../workflow.ts";
import { type ReadNode, readStructure, type Structure } from "./structure.ts";

/** Graphs within graphs within graphs. */
const MAX_DEPTH = 5;

/** The graph within a node, and where it stands. */
export interface ReadBody {
  readonly owner: WorkflowNode;
  /** `workflow.nodes[3].config.body` */
  readonly path: string;
  readonly structure: Structure;
}

/** The graphs within the nodes of a graph. */
export function bodiesOf({ nodes }: Structure): ReadBody[] {
  return nodes.flatMap(({ index, node }) => {
    const field = findNodeType(node.type)?.bodyField;
    if (field === undefined) return [];
    return [{ owner: node, path: `workflow.nodes[${index}].config.${field}`, structure: readStructure(node.config[field]) }];
  });
}

/** Faults of a graph within a node, as faults of the whole workflow. */
export function placed(path: string, faults: readonly Fault[]): Fault[] {
  return faults.map((fault) => ({
    ...fault,
    path: fault.path.replace(/^workflow/, path),
    message: fault.message.replaceAll("workflow.", `${path}.`),
  }));
}

/** What a graph within a node must not do. `depth` is 0 for the workflow itself. */
export function bodyFaults(nodes: readonly ReadNode[], depth: number): Fault[] {
  if (depth === 0) return [];
  if (depth > MAX_DEPTH) return [{ path: "workflow", code: "too_deep", message: `Loops can stand ${MAX_DEPTH} deep within each other.` }];
  return nodes
    .filter(({ node }) => node.type === "start" && Array.isArray(node.config["inputs"]) && node.config["inputs"].length > 0)
    .map(({ index }) => ({
      path: `workflow.nodes[${index}].config.inputs`,
      code: "inputs_in_body",
      message: "Only the workflow itself has inputs; in here, name item, index and last.",
    }));
}
