import type { Fault } from "#platform/errors";
import { analyse, type Reference } from "../expressions/engine.ts";
import { isLocalRoot, isRoot, LOOP_ROOTS, ROOTS, TOOL_ROOTS } from "../expressions/path.ts";
import { isWithin } from "../expressions/place.ts";
import { expressionsIn, type Placed } from "../expressions/template.ts";
import { ancestorsOf } from "../graph.ts";
import { namesIn } from "../nodes/node.ts";
import { findNodeType } from "../nodes/registry.ts";
import { templateOf } from "../plan.ts";
import type { Workflow, WorkflowNode } from "../workflow.ts";
import { type ReadNode, readableGraph, type Structure } from "./structure.ts";

/** What a graph within a node sees of what is around it. */
export interface Around {
  /** How many graphs are around it. */
  readonly depth: number;
  /** Nodes before the one that it is within. */
  readonly upstream: readonly string[];
  readonly inputs: ReadonlySet<string> | undefined;
}

/** Around the workflow itself there is nothing. */
export const NOWHERE: Around = { depth: 0, upstream: [], inputs: undefined };

/** What the graph within a node sees. */
export function aroundBody(structure: Structure, owner: WorkflowNode, around: Around): Around {
  const graph = readableGraph(structure);
  return {
    depth: around.depth + 1,
    upstream: [...ancestorsOf(graph, owner.id), ...around.upstream],
    inputs: inputsOf(graph, around),
  };
}

/** Names of the workflow's inputs. `undefined` while the start node cannot be read: then nothing can be said to be undeclared. */
function inputsOf(graph: Workflow, around: Around): ReadonlySet<string> | undefined {
  if (around.depth > 0) return around.inputs;
  const start = graph.nodes.find(({ type }) => type === "start");
  return start && new Set(namesIn(start.config["inputs"]));
}

/** What the expressions of one node may name. */
interface Surroundings {
  readonly node: WorkflowNode;
  readonly nodeIds: ReadonlySet<string>;
  readonly upstream: ReadonlySet<string>;
  readonly inputs: ReadonlySet<string> | undefined;
  /** What they can begin with, where that is no name of the whole run. */
  readonly locals: readonly string[];
}

/** Expressions that do not parse, or that name what is not there. */
export async function expressionFaults(structure: Structure, around: Around): Promise<Fault[]> {
  const graph = readableGraph(structure);
  const faults = await Promise.all(structure.nodes.map((read) => nodeFaults(read, graph, around)));
  return faults.flat();
}

async function nodeFaults({ index, node }: ReadNode, graph: Workflow, around: Around): Promise<Fault[]> {
  const { template, faults } = templateOf(node);
  const path = `workflow.nodes[${index}].config`;
  const unreadable = faults.map(({ field, position, message }) => ({
    path: `${path}.${field}`,
    code: "invalid_expression",
    message: `${message} (position ${position})`,
  }));
  const surroundings: Surroundings = {
    node,
    inputs: inputsOf(graph, around),
    nodeIds: new Set([...graph.nodes.map(({ id }) => id), ...around.upstream]),
    upstream: new Set([...ancestorsOf(graph, node.id), ...around.upstream]),
    locals: around.depth > 0 ? LOOP_ROOTS : [],
  };
  const named = await Promise.all(
    expressionsIn(template).map(async (placed) => {
      const locals = [...new Set([...surroundings.locals, ...localsIn(node, placed.field)])];
      const found = await placedFaults(placed, { ...surroundings, locals });
      return found.map((fault) => ({ ...fault, path: `${path}.${placed.field}` }));
    }),
  );
  return [...unreadable, ...named.flat()];
}

/** Names that a field knows because the node itself resolves it: a loop's condition knows the turn, a tool its arguments. */
function localsIn({ type }: WorkflowNode, field: string): readonly string[] {
  const nodeType = findNodeType(type);
  return nodeType && isWithin(field, nodeType.lazyFields) ? nodeType.localNames : [];
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
  const { locals } = surroundings;
  if (locals.includes(root)) return [];
  if (isLocalRoot(root)) return [{ code: "unknown_name", message: `There is no ${root} ${outsideOf(root)}.` }];
  if (!isRoot(root))
    return [{ code: "unknown_name", message: `There is no ${root}; expressions see ${[...ROOTS, ...locals].join(", ")}.` }];
  if (root === "secrets") return secretFaults(field, surroundings);
  if (name === undefined) return [];
  if (root === "nodes") return nodeReferenceFaults(name, surroundings);
  if (root === "inputs" && surroundings.inputs && !surroundings.inputs.has(name)) {
    return [{ code: "undeclared_input", message: `The start node declares no input ${name}.` }];
  }
  return [];
}

function outsideOf(root: string): string {
  return TOOL_ROOTS.some((name) => name === root) ? "outside of the url, query and body of an http tool" : "outside of a loop";
}

function nodeReferenceFaults(name: string, { node, nodeIds, upstream }: Surroundings): Found[] {
  if (!nodeIds.has(name)) return [{ code: "unknown_node", message: `There is no node ${name}.` }];
  if (!upstream.has(name)) return [{ code: "not_upstream", message: `No way leads from ${name} to ${node.id}, so it has no output yet.` }];
  return [];
}

function secretFaults(field: string, { node }: Surroundings): Found[] {
  if (isWithin(field, findNodeType(node.type)?.secretFields ?? [])) return [];
  return [{ code: "secret_not_allowed", message: "Secrets can be used only in the headers and auth of http nodes and http tools." }];
}
