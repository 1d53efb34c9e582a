import type { UiBlock } from "#app";
import type { InputDeclaration } from "#execution";

/** A text that may be longer than this (characters) gets several lines. */
const ONE_LINE = 200;

function blockOf(declaration: InputDeclaration): UiBlock {
  const { name: id, type, format } = declaration;
  const common = { id, input_key: id };
  if (declaration.enum !== undefined) return { ...common, type: "select" };
  if (type === "number" || type === "integer") return { ...common, type: "number" };
  if (type === "boolean") return { ...common, type: "checkbox" };
  if (type === "file") return { ...common, type: "file" };
  if (format === "date" || format === "date-time") return { ...common, type: "date" };
  const oneLine = type === "string" && (format !== undefined || (declaration.max_length ?? Number.POSITIVE_INFINITY) <= ONE_LINE);
  return { ...common, type: oneLine ? "input" : "textarea" };
}

/** Whether a block, or one inside it, takes what a visitor gives. */
export function takesInput(block: UiBlock): boolean {
  return block.type === "chat" || "input_key" in block || ("children" in block && block.children.some(takesInput));
}

/** The blocks of a page. An app that asks for inputs but lays out no field gets a plain form of all of them. */
export function blocksOf(blocks: readonly UiBlock[], inputs: readonly InputDeclaration[]): readonly UiBlock[] {
  if (inputs.length === 0 || blocks.some(takesInput)) return blocks;
  return [...blocks, { id: "inputs", type: "form", children: inputs.map(blockOf) }];
}
