import { type InputDeclaration, inputDeclarations, type Workflow } from "#execution";
import { readSurface } from "./surface.ts";
import type { UiField, UiResultView } from "./ui-blocks.ts";
import type { UiSchema } from "./ui-schema.ts";

/** A text input that may be longer than this gets a box of several lines. */
const LONG_TEXT = 200;

/** The page of an app that brings none: a field for each declared input, and the outputs as they come. */
export function defaultUiSchema(workflow: Workflow): UiSchema {
  const fields = inputDeclarations(workflow).map(fieldFor);
  return {
    schema_version: "1",
    layout: { type: "stack" },
    blocks: [{ id: "input-form", type: "form", children: fields }],
    actions: [{ id: "submit", type: "submit" }],
    result_view: defaultResultView(workflow),
  };
}

/** All outputs, as text; one output alone goes without its name. */
export function defaultResultView(workflow: Workflow): UiResultView {
  const names = [...(readSurface(workflow).outputs ?? [])].sort();
  const [only] = names;
  if (only === undefined) return { type: "json", props: { content: "{{ outputs }}" } };
  const content = names.length === 1 ? `{{ outputs.${only} }}` : names.map((name) => `**${name}**\n\n{{ outputs.${name} }}`).join("\n\n");
  return { type: "markdown", props: { content } };
}

function fieldFor(input: InputDeclaration): UiField {
  const required = input.required && input.default === undefined;
  return {
    type: fieldType(input),
    id: fieldId(input.name),
    label: input.title ?? labelOf(input.name),
    input_key: input.name,
    ...(required ? { validation: { required } } : {}),
  };
}

function fieldType(input: InputDeclaration): UiField["type"] {
  if (input.enum) return "select";
  switch (input.type) {
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "checkbox";
    case "file":
      return "file";
    case "json":
      return "textarea";
    case "string":
      return input.format === "date" ? "date" : textFieldType(input);
  }
}

function textFieldType({ format, max_length = 0 }: InputDeclaration): "input" | "textarea" {
  return format === undefined && max_length > LONG_TEXT ? "textarea" : "input";
}

/** Ids of blocks begin with a letter, which names of inputs need not; no name of an input has a hyphen. */
function fieldId(name: string): string {
  return /^[A-Za-z]/.test(name) ? name : `field-${name}`;
}

/** `first_name` as people write it. */
function labelOf(name: string): string {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
