import type { Workflow, WorkflowEdge, WorkflowNode } from "./workflow.ts";

/** Edges by the node they come from (or go to), in document order. */
function edgesBy(edges: readonly WorkflowEdge[], side: "from" | "to"): ReadonlyMap<string, WorkflowEdge[]> {
  return Map.groupBy(edges, (edge) => edge[side]);
}

/**
 * The nodes so that every edge points forward, always in the same order for the same document. Nodes on a
 * cycle, and behind one, are left out.
 */
export function topologicalOrder({ nodes, edges }: Workflow): WorkflowNode[] {
  const outgoing = edgesBy(edges, "from");
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const waiting = new Map(nodes.map((node) => [node.id, 0]));
  for (const { to } of edges) waiting.set(to, (waiting.get(to) ?? 0) + 1);
  const order = nodes.filter((node) => waiting.get(node.id) === 0);
  for (let index = 0; index < order.length; index += 1) {
    for (const { to } of outgoing.get(order[index]?.id ?? "") ?? []) {
      const left = (waiting.get(to) ?? 0) - 1;
      waiting.set(to, left);
      const node = byId.get(to);
      if (left === 0 && node) order.push(node);
    }
  }
  return order;
}

function reach(edges: ReadonlyMap<string, WorkflowEdge[]>, from: string, side: "from" | "to"): Set<string> {
  const found = new Set<string>();
  const queue = [from];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    for (const edge of edges.get(id) ?? []) {
      const next = edge[side];
      if (!found.has(next)) queue.push(next);
      found.add(next);
    }
  }
  return found;
}

/** Ids of the nodes from which a node can be reached, in document order. */
export function ancestorsOf({ nodes, edges }: Workflow, nodeId: string): string[] {
  const found = reach(edgesBy(edges, "to"), nodeId, "from");
  return nodes.filter(({ id }) => found.has(id)).map(({ id }) => id);
}

/** Ids of the nodes that can be reached from a node, itself included. */
export function reachableFrom({ edges }: Workflow, nodeId: string): ReadonlySet<string> {
  return reach(edgesBy(edges, "from"), nodeId, "to").add(nodeId);
}

/** The nodes of one cycle, in the order of its edges, or `undefined` if there is none. */
export function findCycle(workflow: Workflow): string[] | undefined {
  const sorted = new Set(topologicalOrder(workflow).map(({ id }) => id));
  const rest = workflow.nodes.filter(({ id }) => !sorted.has(id));
  const incoming = edgesBy(
    workflow.edges.filter(({ from, to }) => !sorted.has(from) && !sorted.has(to)),
    "to",
  );
  // Every node left has an edge from another one left: walking backwards must meet itself.
  const path: string[] = [];
  for (let id = rest[0]?.id; id !== undefined; id = incoming.get(id)?.[0]?.from) {
    const seen = path.indexOf(id);
    if (seen !== -1) return path.slice(seen).reverse();
    path.push(id);
  }
  return undefined;
}
