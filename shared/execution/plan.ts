import { expressionsIn, parseTemplate, type Template } from "./expressions/template.ts";
import { ancestorsOf, topologicalOrder } from "./graph.ts";
import { findNodeType } from "./nodes/registry.ts";
import { bodySchema, type RetryPolicy, type Workflow, type WorkflowNode } from "./workflow.ts";

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
  /** Fields whose expressions the node resolves itself, each time anew. */
  readonly lazy: Readonly<Record<string, Template>>;
  /** The graph within it, for a loop. */
  readonly body: Plan | undefined;
}

/** A workflow made ready to run: nodes in topological order, expressions taken apart. Holds no functions and never changes. */
export interface Plan {
  readonly nodes: readonly PlanNode[];
  readonly positions: ReadonlyMap<string, number>;
  /** Whether any expression names secrets. */
  readonly usesSecrets: boolean;
  /** Whether a run of it may wait for long: then it needs a host that outlives the process. */
  readonly waits: boolean;
}

/** The config as expressions see it: literal fields are kept apart from those in which braces have a meaning. */
export function templateOf(node: Pick<WorkflowNode, "type" | "config">): {
  template: Template;
  faults: ReturnType<typeof parseTemplate>["faults"];
} {
  const nodeType = findNodeType(node.type);
  const config = nodeType?.prepare?.(node.config) ?? node.config;
  const literal = new Set(nodeType?.literalFields ?? []);
  const fields = Object.entries(config)
    .filter(([name]) => name !== nodeType?.bodyField)
    .map(([name, value]) => ({
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
  return compile(workflow, []);
}

/** `around`: the nodes before the one that this graph is within, whose outputs it sees too. */
function compile(workflow: Workflow, around: readonly string[]): Plan {
  const order = topologicalOrder(workflow);
  const positions = new Map(order.map(({ id }, position) => [id, position]));
  const nodes = order.map((node): PlanNode => {
    const nodeType = findNodeType(node.type);
    const { template: whole } = templateOf(node);
    const usesEngine = expressionsIn(whole).some(({ expression }) => expression.kind === "engine" || expression.segments.length === 0);
    const { template, lazy } = divided(whole, nodeType?.lazyFields ?? []);
    const body = bodyOf(node);
    const before = usesEngine || body ? [...ancestorsOf(workflow, node.id), ...around] : [];
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
      upstream: before,
      lazy,
      body: body && compile(body, before),
    };
  });
  return {
    nodes,
    positions,
    usesSecrets: nodes.some((node) => namesSecrets(node) || node.body?.usesSecrets === true),
    waits: nodes.some((node) => findNodeType(node.type)?.waits === true || node.body?.waits === true),
  };
}

/** The graph within a node, where its type has one. */
function bodyOf({ type, config }: WorkflowNode): Workflow | undefined {
  const field = findNodeType(type)?.bodyField;
  return field === undefined ? undefined : bodySchema.parse(config[field]);
}

/** Ids of the nodes whose outputs a node may name, which may stand in a graph within others; `null` where there is no such node. */
export function nodesBefore(workflow: Workflow, nodeId: string): string[] | null {
  if (workflow.nodes.some(({ id }) => id === nodeId)) return ancestorsOf(workflow, nodeId);
  for (const owner of workflow.nodes) {
    const body = bodyOf(owner);
    const within = body ? nodesBefore(body, nodeId) : null;
    if (within) return [...ancestorsOf(workflow, owner.id), ...within];
  }
  return null;
}

/** Takes the fields that a node resolves itself out of its template. */
function divided(template: Template, lazyFields: readonly string[]): Pick<PlanNode, "template" | "lazy"> {
  if (template.kind !== "record" || lazyFields.length === 0) return { template, lazy: {} };
  const isLazy = ([name]: readonly [string, Template]) => lazyFields.includes(name);
  return {
    template: { kind: "record", entries: template.entries.filter((entry) => !isLazy(entry)) },
    lazy: Object.fromEntries(template.entries.filter(isLazy)),
  };
}

/** The plan with one node alone: nothing leads to it, and nothing follows. */
export function isolate(plan: Plan, nodeId: string): Plan {
  return { ...plan, nodes: plan.nodes.map((node) => ({ ...node, outgoing: [], incoming: node.id === nodeId ? 0 : 1 })) };
}

function namesSecrets({ template, lazy }: PlanNode): boolean {
  return [template, ...Object.values(lazy)]
    .flatMap((one) => expressionsIn(one))
    .some(({ expression: { source } }) => /\bsecrets\b/.test(source));
}
