import type { Fault } from "#platform/errors";
import { findCycle, reachableFrom } from "../graph.ts";
import { findNodeType } from "../nodes/registry.ts";
import type { WorkflowNode } from "../workflow.ts";
import { type ReadEdge, type ReadNode, readableGraph, type Structure } from "./structure.ts";

/** Everything that makes the nodes and edges not one runnable, acyclic graph. */
export function graphFaults(structure: Structure): Fault[] {
  return [
    ...duplicateNodes(structure.nodes),
    ...startsAndEnds(structure),
    ...unknownEnds(structure),
    ...edgeFaults(structure),
    ...duplicateEdges(structure.edges),
    ...cycles(structure),
    ...unreachable(structure),
  ];
}

function duplicateNodes(nodes: readonly ReadNode[]): Fault[] {
  const seen = new Map<string, number>();
  return nodes.flatMap(({ index, node }) => {
    const first = seen.get(node.id);
    if (first === undefined) {
      seen.set(node.id, index);
      return [];
    }
    const message = `workflow.nodes[${first}] has the id ${node.id} already.`;
    return [{ path: `workflow.nodes[${index}].id`, code: "duplicate_node_id", message }];
  });
}

function startsAndEnds({ nodes, complete }: Structure): Fault[] {
  const starts = nodes.filter(({ node }) => node.type === "start");
  const faults: Fault[] = starts.slice(1).map(({ index }) => ({
    path: `workflow.nodes[${index}].type`,
    code: "several_starts",
    message: "A workflow has one start node.",
  }));
  // A node that could not be read might be the one that is missed.
  if (!complete) return faults;
  if (starts.length === 0) faults.push({ path: "workflow.nodes", code: "missing_start", message: "Add a node of type start." });
  if (!nodes.some(({ node }) => node.type === "end")) {
    faults.push({ path: "workflow.nodes", code: "missing_end", message: "Add a node of type end." });
  }
  return faults;
}

function nodesById({ nodes }: Structure): ReadonlyMap<string, WorkflowNode> {
  return new Map(nodes.map(({ node }) => [node.id, node]));
}

function unknownEnds(structure: Structure): Fault[] {
  const byId = nodesById(structure);
  return structure.edges.flatMap(({ index, edge }) =>
    (["from", "to"] as const)
      .filter((side) => !byId.has(edge[side]))
      .map((side) => ({
        path: `workflow.edges[${index}].${side}`,
        code: "unknown_edge_node",
        message: `There is no node ${JSON.stringify(edge[side])}.`,
      })),
  );
}

/** Ports that a node has, `error` included where it is switched on. */
function portsOf({ type, config, on_error }: WorkflowNode): readonly string[] {
  return [...(findNodeType(type)?.ports(config) ?? []), ...(on_error === "error_port" ? ["error"] : [])];
}

function edgeFaults(structure: Structure): Fault[] {
  const byId = nodesById(structure);
  return structure.edges.flatMap(({ index, edge }) => {
    const from = byId.get(edge.from);
    const faults = from ? [leavingFault(index, edge.port, from)] : [];
    if (byId.get(edge.to)?.type === "start") {
      faults.push({ path: `workflow.edges[${index}].to`, code: "edge_into_start", message: "No edge can lead to the start node." });
    }
    return faults.filter((fault) => fault !== undefined);
  });
}

function leavingFault(index: number, port: string | undefined, from: WorkflowNode): Fault | undefined {
  if (from.type === "end") {
    return { path: `workflow.edges[${index}].from`, code: "edge_from_end", message: "No edge can leave an end node." };
  }
  if (port === undefined || !findNodeType(from.type) || portsOf(from).includes(port)) return undefined;
  const path = `workflow.edges[${index}].port`;
  if (port === "error") {
    return { path, code: "missing_port", message: `Node ${from.id} has the port error only with on_error "error_port".` };
  }
  const ports = portsOf(from).join(", ") || "none; leave port out";
  return { path, code: "missing_port", message: `Node ${from.id} has no port ${JSON.stringify(port)}; its ports: ${ports}.` };
}

function duplicateEdges(edges: readonly ReadEdge[]): Fault[] {
  const seen = new Set<string>();
  return edges.flatMap(({ index, edge }) => {
    const key = JSON.stringify([edge.from, edge.port ?? null, edge.to]);
    if (!seen.has(key)) {
      seen.add(key);
      return [];
    }
    return [{ path: `workflow.edges[${index}]`, code: "duplicate_edge", message: "There is such an edge already." }];
  });
}

function cycles(structure: Structure): Fault[] {
  const cycle = findCycle(readableGraph(structure));
  if (!cycle) return [];
  const message = `These nodes lead back to themselves: ${[...cycle, cycle[0]].join(" -> ")}.`;
  return [{ path: "workflow.edges", code: "cycle", message }];
}

function unreachable(structure: Structure): Fault[] {
  const start = structure.nodes.find(({ node }) => node.type === "start");
  if (!start) return [];
  const reached = reachableFrom(readableGraph(structure), start.node.id);
  return structure.nodes
    .filter(({ node }) => !reached.has(node.id) && node.type !== "start")
    .map(({ index, node }) => ({
      path: `workflow.nodes[${index}]`,
      code: "unreachable_node",
      message: `No way leads from the start node to ${node.id}.`,
    }));
}
