import type { Workflow } from "../workflow.ts";
import type { InputDeclaration } from "./declarations.ts";
import { inputDeclarations } from "./parse.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const FORMATS: Partial<Record<NonNullable<InputDeclaration["format"]>, string>> = {
  email: "email",
  url: "uri",
  date: "date",
  "date-time": "date-time",
  uuid: "uuid",
};

const FILE_ID = { type: "string", pattern: "^fil_", description: "Id of an uploaded file" };
const FILE = [FILE_ID, { type: "object", properties: { id: FILE_ID }, required: ["id"] }];

/** JSON Schema (2020-12) of a run's inputs. */
export function inputJsonSchema(workflow: Workflow): object {
  return { $schema: DIALECT, ...schemaOfInputs(inputDeclarations(workflow)) };
}

/** The same, as a part of another document. */
export function schemaOfInputs(declarations: readonly InputDeclaration[]): Record<string, unknown> {
  return {
    type: "object",
    properties: Object.fromEntries(declarations.map((declaration) => [declaration.name, inputProperty(declaration)])),
    required: declarations.filter((declaration) => declaration.required && declaration.default === undefined).map(({ name }) => name),
    additionalProperties: false,
  };
}

function inputProperty(declaration: InputDeclaration): object {
  const { type, title, description, min, max, min_length, max_length, pattern, format } = declaration;
  const keywords = {
    type: type === "json" || type === "file" ? undefined : type,
    anyOf: type === "file" ? FILE : undefined,
    title,
    description,
    enum: declaration.enum,
    default: declaration.default,
    minimum: min,
    maximum: max,
    minLength: min_length,
    maxLength: max_length,
    pattern,
    format: format && FORMATS[format],
  };
  return Object.fromEntries(Object.entries(keywords).filter(([, value]) => value !== undefined));
}

/** JSON Schema (2020-12) of a run's outputs: the names that the end nodes give. Which are there depends on which end is reached. */
export function outputJsonSchema(workflow: Workflow): object {
  const ends = workflow.nodes.filter((node) => node.type === "end").map((node) => Object.keys(node.config["outputs"] ?? {}));
  const names = [...new Set(ends.flat())];
  return {
    $schema: DIALECT,
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, {}])),
    required: names.filter((name) => ends.every((end) => end.includes(name))),
    additionalProperties: false,
  };
}
