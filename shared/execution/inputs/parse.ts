import { z } from "zod";
import type { Fault } from "#platform/errors";
import type { Workflow } from "../workflow.ts";
import { coerce } from "./coerce.ts";
import { type InputDeclaration, inputDeclarationSchema } from "./declarations.ts";
import { valueFaults } from "./values.ts";

export type ParsedInputs =
  | { readonly ok: true; readonly inputs: Record<string, unknown> }
  | { readonly ok: false; readonly faults: Fault[] };

export interface ParseOptions {
  /** Reads texts as forms send them: `"3"` as a number, `"on"` as true, an empty text as nothing. */
  readonly coerce?: boolean;
  /** Lets inputs that are required be left out. */
  readonly partial?: boolean;
}

const declarationsSchema = z.array(inputDeclarationSchema);

/** The inputs that the start node declares. */
export function inputDeclarations(workflow: Workflow): InputDeclaration[] {
  const start = workflow.nodes.find((node) => node.type === "start");
  return declarationsSchema.parse(start?.config["inputs"] ?? []);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Checks what a caller sent against the declarations: every fault at once, with paths such as `inputs.email`. */
export function parseInputs(declarations: readonly InputDeclaration[], raw: unknown, options: ParseOptions = {}): ParsedInputs {
  const given = raw ?? {};
  if (!isRecord(given)) {
    return { ok: false, faults: [{ path: "inputs", code: "invalid_type", message: "Give an object with a value for each input." }] };
  }
  const faults = unknownInputs(declarations, given);
  const inputs: Record<string, unknown> = {};
  for (const declaration of declarations) {
    const { name } = declaration;
    const sent = Object.hasOwn(given, name) ? given[name] : undefined;
    const value = (options.coerce ? coerce(sent, declaration) : sent) ?? declaration.default ?? null;
    inputs[name] = value;
    if (value === null || value === "") {
      if (declaration.required && !options.partial)
        faults.push({ path: `inputs.${name}`, code: "required", message: "This input is required." });
    } else faults.push(...valueFaults(value, declaration, `inputs.${name}`));
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, inputs };
}

function unknownInputs(declarations: readonly InputDeclaration[], given: Record<string, unknown>): Fault[] {
  const known = new Set(declarations.map(({ name }) => name));
  const names = [...known].join(", ") || "none";
  return Object.keys(given)
    .filter((name) => !known.has(name))
    .map((name) => ({ path: `inputs.${name}`, code: "unknown_input", message: `There is no such input; the app takes: ${names}.` }));
}
