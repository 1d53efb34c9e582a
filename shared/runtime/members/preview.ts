import { z } from "zod";
import { nodesBefore, type Preview, previewValue, runSession, type Workflow } from "#execution";
import type { Context } from "#platform/context";
import { validationFailed } from "#platform/errors";
import { earlierOutputs } from "./earlier-outputs.ts";
import type { FoundMemberRun } from "./find.ts";
import { settingOf } from "./setting.ts";

const inputsSchema = z.record(z.string(), z.unknown()).catch({});

/**
 * A value with its expressions resolved over a run that has been, as the node would see it, or as one after all others would.
 * Throws `validation_failed` for a node that neither the run's version nor the draft has, and for expressions that fail.
 */
export async function previewOver(
  ctx: Context,
  found: FoundMemberRun,
  value: unknown,
  nodeId?: string,
): Promise<Omit<Preview & { ok: true }, "ok">> {
  const [{ app, graphs }, outputs] = await Promise.all([settingOf(ctx, found), earlierOutputs(ctx, found)]);
  const before = nodeId === undefined ? Object.keys(outputs) : visibleTo(graphs, nodeId);
  const { id, inputs, session_id } = found.run;
  const visible = Object.entries(outputs).filter(([name]) => before.includes(name));
  const preview = await previewValue(value, {
    inputs: inputsSchema.parse(inputs),
    session: { ...runSession(session_id) },
    app: { ...app },
    run: { id },
    outputs: Object.fromEntries(visible),
  });
  if (!preview.ok) throw validationFailed(preview.faults);
  return { value: preview.value, type: preview.type };
}

/** Ids of the nodes before one, in the first graph that has it. */
function visibleTo(graphs: readonly Workflow[], nodeId: string): readonly string[] {
  const found = graphs.map((graph) => nodesBefore(graph, nodeId)).find((before) => before !== null);
  if (found) return found;
  throw validationFailed([{ path: "node_id", code: "unknown_node", message: "Neither the run's version nor the draft has this node." }]);
}
