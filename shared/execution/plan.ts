import { expressionsIn, parseTemplate, type Template } from "./expressions/template.ts";
import { ancestorsOf, topologicalOrder } from "./graph.ts";
import { findNodeType } from "./nodes/registry.ts";
import type { RetryPolicy, Workflow, WorkflowNode } from "./workflow.ts";

interface PlanEdge {
  /** Position of the target in the plan. */
  readonly to: number;
  readonly port: string | undefined;
}

export interface PlanNode {
  readonly id: string;
  readonly type: string;
  readonly template: Template;
  readonly retry: RetryPolicy | undefined;
  /** Milliseconds one attempt may take. */
  readonly timeoutMs: number | undefined;
  readonly onError: "fail" | "continue" | "error_port";
  readonly outgoing: readonly PlanEdge[];
  readonly incoming: number;
  /** Nodes before this one; only those are visible to its expressions. Empty when it has none that need the engine. */
  readonly upstream: readonly string[];
}

/** A workflow made ready to run: nodes in topological order, expressions taken apart. Holds no functions and never changes. */
export interface Plan {
  readonly nodes: readonly PlanNode[];
  readonly positions: ReadonlyMap<string, number>;
  /** Whether any expression names secrets. */
  readonly usesSecrets: boolean;
}

/** The config as expressions see it: literal fields are kept apart from those in which braces have a meaning. */
export function templateOf(node: Pick<WorkflowNode, "type" | "config">): {
  template: Template;
  faults: ReturnType<typeof parseTemplate>["faults"];
} {
  const nodeType = findNodeType(node.type);
  const config = nodeType?.prepare?.(node.config) ?? node.config;
  const literal = new Set(nodeType?.literalFields ?? []);
  const fields = Object.entries(config).map(([name, value]) => ({
    name,
    ...(literal.has(name) ? { template: { kind: "literal" as const, value }, faults: [] } : parseTemplate(value, name)),
  }));
  return {
    template: { kind: "record", entries: fields.map(({ name, template }) => [name, template]) },
    faults: fields.flatMap(({ faults }) => faults),
  };
}

/** Compiles a workflow that has passed validation. */
export function compilePlan(workflow: Workflow): Plan {
  const order = topologicalOrder(workflow);
  const positions = new Map(order.map(({ id }, position) => [id, position]));
  const nodes = order.map((node): PlanNode => {
    const { template } = templateOf(node);
    const usesEngine = expressionsIn(template).some(({ expression }) => expression.kind === "engine" || expression.segments.length === 0);
    return {
      id: node.id,
      type: node.type,
      template,
      retry: node.retry,
      timeoutMs: node.timeout_ms,
      onError: node.on_error ?? "fail",
      outgoing: workflow.edges
        .filter((edge) => edge.from === node.id)
        .map(({ to, port }) => ({ to: positions.get(to) ?? Number.NaN, port })),
      incoming: workflow.edges.filter((edge) => edge.to === node.id).length,
      upstream: usesEngine ? ancestorsOf(workflow, node.id) : [],
    };
  });
  return { nodes, positions, usesSecrets: nodes.some(namesSecrets) };
}

function namesSecrets({ template }: PlanNode): boolean {
  return expressionsIn(template).some(({ expression: { source } }) => /\bsecrets\b/.test(source));
}
