/** What a test runs: all of the draft, a node and what follows, or one node. */
export type What =
  | { readonly kind: "all" }
  | { readonly kind: "from"; readonly node: string }
  | { readonly kind: "only"; readonly node: string };

/** Reads the word of a form or an address: `from:reply`, `only:reply`; anything else is all. */
export function readWhat(word: string): What {
  const [, kind, node] = /^(from|only):(.+)$/.exec(word) ?? [];
  if (node === undefined) return { kind: "all" };
  return kind === "from" ? { kind, node } : { kind: "only", node };
}

interface Graph {
  readonly nodes: readonly { readonly id: string; readonly type: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

interface Log {
  readonly node_id: string;
  readonly status: string;
  readonly outputs: unknown;
}

/** Nodes that come before a node, in any number of steps. */
function before({ edges }: Graph, node: string): Set<string> {
  const found = new Set<string>();
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const { from, to } of edges) {
      if (to !== next || found.has(from)) continue;
      found.add(from);
      open.push(from);
    }
  }
  return found;
}

/** Logs hold only the beginning of a large output, in the place of the whole. */
function isCut(outputs: unknown): boolean {
  return typeof outputs === "object" && outputs !== null && "truncated" in outputs && "preview" in outputs;
}

/** What the nodes before the one that a test begins at gave in an earlier run, as far as its logs hold it whole. */
export function earlierOutputs(what: What, graph: Graph, logs: readonly Log[]): Record<string, unknown> {
  if (what.kind === "all") return {};
  const earlier = before(graph, what.node);
  const start = graph.nodes.find(({ type }) => type === "start")?.id;
  const kept = logs.filter(({ node_id, status, outputs }) => {
    return status === "completed" && earlier.has(node_id) && node_id !== start && !isCut(outputs);
  });
  return Object.fromEntries(kept.map(({ node_id, outputs }) => [node_id, outputs]));
}
