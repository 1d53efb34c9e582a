import { z } from "zod";
import type { Fault } from "#platform/errors";
import { faultsOf } from "#platform/faults";
import { edgeSchema, MAX_EDGES, MAX_NODES, nodeSchema, type Workflow, type WorkflowEdge, type WorkflowNode } from "../workflow.ts";

/** A node that could be read, and its place in the document. */
export interface ReadNode {
  readonly index: number;
  readonly node: WorkflowNode;
}

export interface ReadEdge {
  readonly index: number;
  readonly edge: WorkflowEdge;
}

/** What could be read of a workflow, so that one broken node hides none of the other faults. */
export interface Structure {
  readonly nodes: readonly ReadNode[];
  readonly edges: readonly ReadEdge[];
  /** Whether everything could be read: only then does it mean something that a thing is missing. */
  readonly complete: boolean;
  readonly faults: readonly Fault[];
}

/** The graph of what was read: edges between nodes that exist, each node once. */
export function readableGraph({ nodes, edges }: Structure): Workflow {
  const byId = new Map(nodes.map(({ node }) => [node.id, node]));
  return {
    nodes: [...byId.values()],
    edges: edges.map(({ edge }) => edge).filter(({ from, to }) => byId.has(from) && byId.has(to)),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Enough of a node to know that it is there, so that a fault inside it makes no faults around it. */
const outlineSchema = z.object({
  id: z.string().min(1),
  type: z.string(),
  config: z.record(z.string(), z.unknown()).catch({}),
  on_error: nodeSchema.shape.on_error.catch(undefined),
});

interface ReadList<T> {
  readonly items: readonly { readonly index: number; readonly item: T }[];
  readonly faults: readonly Fault[];
}

/** Reads each item of a list; of one with faults, what the outline can still make out. */
function readList<T>(list: unknown, name: string, limit: number, schema: z.ZodType<T>, outline?: z.ZodType<T>): ReadList<T> {
  const path = `workflow.${name}`;
  if (!Array.isArray(list)) return { items: [], faults: [{ path, code: "invalid_type", message: `Give a list of ${name}.` }] };
  if (list.length > limit) return { items: [], faults: [{ path, code: "too_big", message: `Give at most ${limit} ${name}.` }] };
  const items: { index: number; item: T }[] = [];
  const faults: Fault[] = [];
  for (const [index, value] of list.entries()) {
    const parsed = schema.safeParse(value);
    if (!parsed.success) faults.push(...faultsOf(parsed.error, ["workflow", name, index]));
    const read = parsed.success ? parsed : outline?.safeParse(value);
    if (read?.success) items.push({ index, item: read.data });
  }
  return { items, faults };
}

/** Reads nodes and edges one by one. */
export function readStructure(json: unknown): Structure {
  if (!isRecord(json)) {
    const faults = [{ path: "workflow", code: "invalid_type", message: "Give an object with nodes and edges." }];
    return { nodes: [], edges: [], complete: false, faults };
  }
  const nodes = readList(json["nodes"], "nodes", MAX_NODES, nodeSchema, outlineSchema);
  const edges = readList(json["edges"], "edges", MAX_EDGES, edgeSchema);
  const unknown = Object.keys(json)
    .filter((key) => key !== "nodes" && key !== "edges")
    .map((key) => ({ path: `workflow.${key}`, code: "unrecognized_keys", message: "A workflow has nodes and edges, and nothing else." }));
  const faults = [...nodes.faults, ...edges.faults, ...unknown];
  return {
    nodes: nodes.items.map(({ index, item }) => ({ index, node: item })),
    edges: edges.items.map(({ index, item }) => ({ index, edge: item })),
    complete: nodes.faults.length + edges.faults.length === 0,
    faults,
  };
}
