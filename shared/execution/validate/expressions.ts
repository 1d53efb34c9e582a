import type { Fault } from "#platform/errors";
import { analyse, type Reference } from "../expressions/engine.ts";
import { isRoot, ROOTS } from "../expressions/path.ts";
import { expressionsIn, type Placed } from "../expressions/template.ts";
import { ancestorsOf } from "../graph.ts";
import { namesIn } from "../nodes/node.ts";
import { findNodeType } from "../nodes/registry.ts";
import { templateOf } from "../plan.ts";
import type { Workflow, WorkflowNode } from "../workflow.ts";
import { type ReadNode, readableGraph, type Structure } from "./structure.ts";

/** What the expressions of one node may name. */
interface Surroundings {
  readonly node: WorkflowNode;
  readonly nodeIds: ReadonlySet<string>;
  readonly upstream: ReadonlySet<string>;
  /** `undefined` while the start node cannot be read: then nothing can be said to be undeclared. */
  readonly inputs: ReadonlySet<string> | undefined;
}

/** Expressions that do not parse, or that name what is not there. */
export async function expressionFaults(structure: Structure): Promise<Fault[]> {
  const graph = readableGraph(structure);
  const start = graph.nodes.find(({ type }) => type === "start");
  const inputs = start && new Set(namesIn(start.config["inputs"]));
  const faults = await Promise.all(structure.nodes.map((read) => nodeFaults(read, graph, inputs)));
  return faults.flat();
}

async function nodeFaults({ index, node }: ReadNode, graph: Workflow, inputs: ReadonlySet<string> | undefined): Promise<Fault[]> {
  const { template, faults } = templateOf(node);
  const path = `workflow.nodes[${index}].config`;
  const unreadable = faults.map(({ field, position, message }) => ({
    path: `${path}.${field}`,
    code: "invalid_expression",
    message: `${message} (position ${position})`,
  }));
  const surroundings: Surroundings = {
    node,
    inputs,
    nodeIds: new Set(graph.nodes.map(({ id }) => id)),
    upstream: new Set(ancestorsOf(graph, node.id)),
  };
  const named = await Promise.all(
    expressionsIn(template).map(async (placed) => {
      const found = await placedFaults(placed, surroundings);
      return found.map((fault) => ({ ...fault, path: `${path}.${placed.field}` }));
    }),
  );
  return [...unreadable, ...named.flat()];
}

type Found = Omit<Fault, "path">;

async function placedFaults({ expression, field, offset }: Placed, surroundings: Surroundings): Promise<Found[]> {
  if (expression.kind === "path") {
    const names = [expression.root, ...expression.segments.map(String)];
    return referenceFaults({ names, position: 0 }, field, surroundings);
  }
  const analysis = await analyse(expression.source);
  if (analysis.ok) return analysis.references.flatMap((reference) => referenceFaults(reference, field, surroundings));
  const { message, position } = analysis;
  return [{ code: "invalid_expression", message: `${message} (position ${offset + position})` }];
}

function referenceFaults({ names }: Reference, field: string, surroundings: Surroundings): Found[] {
  const [root = "", name] = names;
  if (!isRoot(root)) return [{ code: "unknown_name", message: `There is no ${root}; expressions see ${ROOTS.join(", ")}.` }];
  if (root === "secrets") return secretFaults(field, surroundings);
  if (name === undefined) return [];
  if (root === "nodes") return nodeReferenceFaults(name, surroundings);
  if (root === "inputs" && surroundings.inputs && !surroundings.inputs.has(name)) {
    return [{ code: "undeclared_input", message: `The start node declares no input ${name}.` }];
  }
  return [];
}

function nodeReferenceFaults(name: string, { node, nodeIds, upstream }: Surroundings): Found[] {
  if (!nodeIds.has(name)) return [{ code: "unknown_node", message: `There is no node ${name}.` }];
  if (!upstream.has(name)) return [{ code: "not_upstream", message: `No way leads from ${name} to ${node.id}, so it has no output yet.` }];
  return [];
}

function secretFaults(field: string, { node }: Surroundings): Found[] {
  const [top = ""] = field.split(/[.[]/);
  if (findNodeType(node.type)?.secretFields.includes(top)) return [];
  return [{ code: "secret_not_allowed", message: "Secrets can be used only in the headers and auth of http nodes." }];
}
