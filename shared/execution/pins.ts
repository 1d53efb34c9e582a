import { z } from "zod";
import type { Fault } from "#platform/errors";
import type { RunError } from "#platform/records";
import { ancestorsOf, reachableFrom } from "./graph.ts";
import { advance, ERROR_PORT, type InterpreterEvent, initialState, type Step } from "./interpreter.ts";
import { findNodeType } from "./nodes/registry.ts";
import { compilePlan, type Plan } from "./plan.ts";
import { type PinnedOutput, pinnedOutput } from "./run.ts";
import type { Workflow, WorkflowNode } from "./workflow.ts";

/** What is known of a node's end in an earlier run. `cut`: of its output only the beginning was kept. */
export type EarlierOutput =
  | { readonly kind: "kept"; readonly output: unknown }
  | { readonly kind: "failed"; readonly error: Pick<RunError, "code" | "message"> }
  | { readonly kind: "cut" };

/** Which nodes of a workflow are to run, and what the others are taken to have given. Ids are as the caller wrote them. */
export interface PinRequest {
  /** This node and all after it run. */
  readonly fromNode?: string | undefined;
  /** This node alone runs. */
  readonly onlyNode?: string | undefined;
  /** Outputs by node id. */
  readonly pinned: Readonly<Record<string, unknown>>;
  /** By node id: used where nothing is pinned. */
  readonly earlier: Readonly<Record<string, EarlierOutput>>;
}

type Pins = Readonly<Record<string, PinnedOutput>>;
export type PinnedRun = { readonly ok: true; readonly pinned: Pins } | { readonly ok: false; readonly faults: readonly Fault[] };

/** Decides on every node that is not to run: its output, and the port it left by. Says every fault at once. */
export function pinNodes(workflow: Workflow, request: PinRequest): PinnedRun {
  const { fromNode, onlyNode } = request;
  const unknown = [...nodeFault(workflow, "from_node", fromNode), ...nodeFault(workflow, "only_node", onlyNode)];
  if (fromNode !== undefined && onlyNode !== undefined) {
    unknown.push({ path: "only_node", code: "ambiguous", message: "Give either from_node or only_node." });
  }
  if (unknown.length > 0) return { ok: false, faults: unknown };
  const given = givenPins(workflow, request);
  const pinned = { ...earlierPins(workflow, request), ...given.pinned };
  const faults = [...given.faults, ...unpinned(workflow, request, pinned)];
  return faults.length > 0 ? { ok: false, faults } : { ok: true, pinned };
}

function nodeFault({ nodes }: Workflow, path: string, id: string | undefined): Fault[] {
  if (id === undefined || nodes.some((node) => node.id === id)) return [];
  return [{ path, code: "unknown_node", message: `There is no node ${JSON.stringify(id)}.` }];
}

/** What the caller pins. */
function givenPins({ nodes }: Workflow, { pinned, fromNode, onlyNode }: PinRequest): { readonly pinned: Pins; readonly faults: Fault[] } {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const faults: Fault[] = [];
  const pins = Object.entries(pinned).flatMap(([id, output]) => {
    const refuse = (code: string, message: string) => {
      faults.push({ path: `pinned.${id}`, code, message });
      return [];
    };
    const node = byId.get(id);
    if (!node) return refuse("unknown_node", "There is no such node.");
    if (id === fromNode || id === onlyNode) return refuse("runs", "This is the node that is to run: give no output for it.");
    const pin = pinOf(node, output);
    return pin ? [[id, pin] as const] : refuse("invalid_output", unfit(node));
  });
  return { pinned: Object.fromEntries(pins), faults };
}

function unfit({ type, config }: WorkflowNode): string {
  const ports = findNodeType(type)?.ports(config).join(", ") ?? "";
  return `This is no output of a node of type ${type}: it does not tell by which of its ports it was left (${ports}).`;
}

const errorOutputSchema = z.strictObject({ error: z.looseObject({}) });

/** A node's output with the port it leaves by, which the output itself tells; `undefined` for what the node cannot give. */
function pinOf({ type, config, on_error }: WorkflowNode, output: unknown): PinnedOutput | undefined {
  const survives = on_error === "continue" || on_error === "error_port";
  if (survives && errorOutputSchema.safeParse(output).success) return { output, port: on_error === "error_port" ? ERROR_PORT : null };
  const nodeType = findNodeType(type);
  if (!nodeType?.portOf) return { output, port: null };
  const port = nodeType.portOf(output);
  return port !== undefined && nodeType.ports(config).includes(port) ? { output, port } : undefined;
}

/** What an earlier run gives for the nodes that are not to run. The start node gives this run's inputs. */
function earlierPins(workflow: Workflow, { fromNode, onlyNode, earlier }: PinRequest): Pins {
  const settled = settledNodes(workflow, fromNode, onlyNode);
  const pins = workflow.nodes.flatMap((node) => {
    const known = settled.has(node.id) && node.type !== "start" && Object.hasOwn(earlier, node.id) ? earlier[node.id] : undefined;
    const pin = known && earlierPin(node, known);
    return pin ? [[node.id, pin] as const] : [];
  });
  return Object.fromEntries(pins);
}

/** Nodes that need not run: those that do not follow from the first one, or those that the only one may name. */
function settledNodes(workflow: Workflow, fromNode: string | undefined, onlyNode: string | undefined): ReadonlySet<string> {
  if (onlyNode !== undefined) return new Set(ancestorsOf(workflow, onlyNode));
  if (fromNode === undefined) return new Set();
  const runs = reachableFrom(workflow, fromNode);
  return new Set(workflow.nodes.map(({ id }) => id).filter((id) => !runs.has(id)));
}

function earlierPin(node: WorkflowNode, known: EarlierOutput): PinnedOutput | undefined {
  switch (known.kind) {
    case "kept":
      return pinOf(node, known.output);
    case "failed":
      return node.on_error === "continue" || node.on_error === "error_port" ? pinOf(node, { error: { ...known.error } }) : undefined;
    case "cut":
      return undefined;
  }
}

/** Nodes without an output that they would need. */
function unpinned(workflow: Workflow, request: PinRequest, pinned: Pins): Fault[] {
  const { fromNode, onlyNode, earlier } = request;
  const isCut = (id: string) => Object.hasOwn(earlier, id) && earlier[id]?.kind === "cut";
  const cut = (id: string): Fault => ({
    path: `pinned.${id}`,
    code: "truncated",
    message: "The log of the earlier run keeps only the beginning of this output. Pin the whole output.",
  });
  if (onlyNode !== undefined) {
    const named = namedNodes(workflow, onlyNode);
    return ancestorsOf(workflow, onlyNode)
      .filter((id) => isCut(id) && !pinnedOutput(pinned, id) && named.has(id))
      .map(cut);
  }
  if (fromNode === undefined) return [];
  const before = new Set(ancestorsOf(workflow, fromNode));
  const { runs, reached } = nodesBefore(compilePlan(workflow), pinned, reachableFrom(workflow, fromNode), fromNode);
  const faults = runs.flatMap((id): Fault[] => {
    if (isCut(id)) return [cut(id)];
    const message = `This node comes before ${fromNode}, and no earlier output of it is known. Pin one, or run from an earlier node.`;
    return before.has(id) ? [{ path: `pinned.${id}`, code: "missing_output", message }] : [];
  });
  if (faults.length > 0 || reached) return faults;
  return [
    { path: "from_node", code: "not_reached", message: `With these outputs, the run takes another way and never comes to ${fromNode}.` },
  ];
}

/** Ids of the nodes that a node's config names. */
function namedNodes({ nodes }: Workflow, nodeId: string): ReadonlySet<string> {
  const node = nodes.find(({ id }) => id === nodeId);
  return new Set(namesAfter("nodes", JSON.stringify(node?.config ?? {})));
}

/** The names that a text of expressions has after a root: `a` for `nodes.a.text`. */
export function namesAfter(root: "nodes" | "secrets", text: string): string[] {
  return Array.from(text.matchAll(new RegExp(`\\b${root}\\s*\\.\\s*([A-Za-z_][A-Za-z0-9_]*)`, "g")), ([, name = ""]) => name);
}

/** Follows the pinned outputs through the graph: which other nodes would run besides those that are to, and is the first reached? */
function nodesBefore(plan: Plan, pinned: Pins, toRun: ReadonlySet<string>, fromNode: string): { runs: string[]; reached: boolean } {
  const runs: string[] = [];
  const events: InterpreterEvent[] = [{ type: "started" }];
  let state = initialState(plan);
  let reached = false;
  for (let event = events.shift(); event !== undefined; event = events.shift()) {
    const step = advance(plan, state, event);
    state = step.state;
    for (const { node, id, type } of startedBy(plan, step)) {
      const pin = pinnedOutput(pinned, id) ?? (type === "start" ? NOTHING : undefined);
      if (id === fromNode) reached = true;
      else if (pin) events.push({ type: "node_completed", node, output: null, ...(pin.port !== null && { port: pin.port }) });
      else if (!toRun.has(id)) runs.push(id);
    }
  }
  return { runs, reached };
}

const NOTHING: PinnedOutput = { output: null, port: null };

function startedBy(plan: Plan, { effects }: Step) {
  return effects.flatMap((effect) => {
    const node = effect.type === "run_node" ? plan.nodes[effect.node] : undefined;
    return effect.type === "run_node" && node ? [{ node: effect.node, id: node.id, type: node.type }] : [];
  });
}
