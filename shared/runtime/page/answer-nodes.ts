import type { UiResultView } from "#app";
import type { Workflow } from "#execution";
import { outputsIn } from "./scope.ts";

/** Nodes that only pass on what others said: their sources are the answer's sources. */
const PASSING: ReadonlySet<string> = new Set(["template", "transform"]);

function nodesIn(value: unknown): string[] {
  return Array.from((JSON.stringify(value) ?? "").matchAll(/\bnodes\.([A-Za-z_]\w*)/g), (match) => match[1] ?? "");
}

/** What the end nodes give for the outputs that the result view shows, or for all where it names none. */
function answerValues(workflow: Workflow, view: UiResultView | undefined): unknown[] {
  const shown = new Set(view === undefined ? [] : outputsIn(view.props.content));
  return workflow.nodes
    .filter((node) => node.type === "end")
    .flatMap((node) => Object.entries(node.config["outputs"] ?? {}))
    .filter(([name]) => shown.size === 0 || shown.has(name))
    .map(([, value]: [string, unknown]) => value);
}

/** The nodes whose text is the answer, so that the page streams it and not what other nodes think aloud. */
export function answerNodes(workflow: Workflow, view: UiResultView | undefined): string[] {
  const byId = new Map(workflow.nodes.map((node) => [node.id, node]));
  const found = new Set<string>();
  const waiting = answerValues(workflow, view).flatMap(nodesIn);
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const node = byId.get(id);
    if (node === undefined || found.has(id)) continue;
    found.add(id);
    if (PASSING.has(node.type)) waiting.push(...nodesIn(node.config));
  }
  return [...found];
}
