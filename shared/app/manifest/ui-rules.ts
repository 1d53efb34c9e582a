import type { Fault } from "#platform/errors";
import { formatPath } from "#platform/faults";
import { isSinglePlaceholder, type Placeholder, placeholdersIn } from "./placeholders.ts";
import type { WorkflowSurface } from "./surface.ts";
import type { UiBlock, UiResultView } from "./ui-blocks.ts";
import type { UiSchema } from "./ui-schema.ts";

type Path = readonly PropertyKey[];

interface PlacedBlock {
  readonly block: UiBlock;
  readonly path: Path;
  /** Types of the blocks around this one. */
  readonly within: readonly UiBlock["type"][];
}

function fault(path: Path, code: string, message: string): Fault {
  return { path: formatPath(["ui_schema", ...path]), code, message };
}

/** What the schema of the page alone cannot say: unique ids, and every name checked against the workflow. */
export function uiFaults(ui: UiSchema, surface: WorkflowSurface): Fault[] {
  const blocks = placeBlocks(ui.blocks, ["blocks"], []);
  return [
    ...duplicateIds(blocks.map(({ block, path }) => ({ id: block.id, path }))),
    ...duplicateIds(ui.actions.map((action, index) => ({ id: action.id, path: ["actions", index] }))),
    ...blocks.flatMap((placed) => blockFaults(placed, surface)),
    ...missingFields(blocks, surface),
    ...(ui.result_view ? viewFaults(ui.result_view, ["result_view", "props", "content"], surface) : []),
  ];
}

function placeBlocks(blocks: readonly UiBlock[], path: Path, within: readonly UiBlock["type"][]): PlacedBlock[] {
  return blocks.flatMap((block, index) => {
    const here = [...path, index];
    const inside = "children" in block ? placeBlocks(block.children, [...here, "children"], [...within, block.type]) : [];
    return [{ block, path: here, within }, ...inside];
  });
}

function duplicateIds(items: readonly { readonly id: string; readonly path: Path }[]): Fault[] {
  const seen = new Set<string>();
  return items.flatMap(({ id, path }) => {
    const again = seen.has(id);
    seen.add(id);
    return again ? [fault([...path, "id"], "duplicate_id", `The id ${id} is used more than once.`)] : [];
  });
}

function blockFaults({ block, path, within }: PlacedBlock, surface: WorkflowSurface): Fault[] {
  const faults: Fault[] = [];
  if ((block.type === "form" || block.type === "chat") && within.includes("form")) {
    faults.push(fault([...path, "type"], "misplaced_block", `A ${block.type} cannot stand inside a form.`));
  }
  if ("input_key" in block && surface.inputs && !surface.inputs.some((input) => input.name === block.input_key)) {
    faults.push(fault([...path, "input_key"], "unknown_input", `The start node declares no input ${block.input_key}.`));
  }
  if (block.type === "table" || block.type === "chart" || block.type === "markdown") {
    faults.push(...viewFaults(block, [...path, "props", "content"], surface));
  }
  if (block.type === "card" && block.props?.content !== undefined) {
    faults.push(...contentFaults(block.props.content, [...path, "props", "content"], surface));
  }
  return faults;
}

function missingFields(blocks: readonly PlacedBlock[], surface: WorkflowSurface): Fault[] {
  if (blocks.length === 0 || !surface.inputs) return [];
  const filled = new Set(blocks.flatMap(({ block }) => ("input_key" in block ? [block.input_key] : [])));
  return surface.inputs
    .filter((input) => input.needed && !filled.has(input.name))
    .map((input) => fault(["blocks"], "missing_input_field", `No block fills the required input ${input.name}.`));
}

type View = Pick<UiResultView, "type" | "props">;

function viewFaults({ type, props }: View, path: Path, surface: WorkflowSurface): Fault[] {
  const rows = type === "table" || type === "chart";
  if (rows && !isSinglePlaceholder(props.content)) {
    return [fault(path, "invalid_placeholder", `A ${type} shows one value: give exactly one placeholder, such as {{ outputs.rows }}.`)];
  }
  return contentFaults(props.content, path, surface);
}

function contentFaults(content: string, path: Path, surface: WorkflowSurface): Fault[] {
  return placeholdersIn(content).flatMap((placeholder) => placeholderFault(placeholder, path, surface) ?? []);
}

function placeholderFault({ source, root, name }: Placeholder, path: Path, surface: WorkflowSurface): Fault | undefined {
  if (root === undefined) {
    return fault(
      path,
      "invalid_placeholder",
      `"${source}" is not a path such as outputs.name or inputs.name; compute values in the workflow.`,
    );
  }
  if (name === undefined) return undefined;
  if (root === "outputs" && surface.outputs && !surface.outputs.has(name)) {
    return fault(path, "unknown_output", `No end node gives an output ${name}.`);
  }
  if (root === "inputs" && surface.inputs && !surface.inputs.some((input) => input.name === name)) {
    return fault(path, "unknown_input", `The start node declares no input ${name}.`);
  }
  return undefined;
}
