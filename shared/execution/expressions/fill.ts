import { type Fault, validationFailed } from "#platform/errors";
import { analyse, evaluate } from "./engine.ts";
import { BEYOND_PATHS, follow } from "./path.ts";
import { asText } from "./resolve.ts";
import { expressionsIn, type Placed, parseTemplate, type Template } from "./template.ts";

/** What expressions outside of a workflow see, by the name they begin with. */
export type Sources = Readonly<Record<string, unknown>>;

/** A plain path. A hyphen belongs to the name it stands in, as names of headers have them; a minus has spaces around it. */
const PLAIN = /^[A-Za-z_][\w-]*(?:\.[\w-]+|\[\d{1,9}\])*$/;

function segmentsOf(source: string): (string | number)[] {
  return Array.from(source.matchAll(/\[(\d+)\]|[^.[\]]+/g), ([name, position]) => (position === undefined ? name : Number(position)));
}

/**
 * Fills a JSON value whose texts hold expressions: one that is exactly one `{{ … }}` keeps its type, others stay texts, and what
 * leads nowhere is `null`. Throws `validation_failed`, naming the field below `path`.
 */
export async function fillTemplate(value: unknown, sources: Sources, path: string): Promise<unknown> {
  const { template, faults } = parseTemplate(value, path);
  const [fault] = faults;
  if (fault) throw validationFailed([{ path: fault.field, code: "invalid_expression", message: fault.message }]);
  return fill(template, sources);
}

async function fill(template: Template, sources: Sources): Promise<unknown> {
  switch (template.kind) {
    case "literal":
      return template.value;
    case "value":
      return expressionValue(template.placed, sources);
    case "text": {
      const parts = await Promise.all(template.parts.map((part) => (typeof part === "string" ? part : expressionValue(part, sources))));
      return parts.map(asText).join("");
    }
    case "list":
      return Promise.all(template.items.map((item) => fill(item, sources)));
    case "record":
      return Object.fromEntries(await Promise.all(template.entries.map(async ([key, item]) => [key, await fill(item, sources)] as const)));
  }
}

async function expressionValue({ expression: { source }, field, offset }: Placed, sources: Sources): Promise<unknown> {
  const found = PLAIN.test(source) ? follow(sources, segmentsOf(source)) : BEYOND_PATHS;
  if (found !== BEYOND_PATHS) return found;
  try {
    return await evaluate(source, { ...sources }, (position) => `position ${offset + position}`);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw validationFailed([{ path: field, code: "expression_failed", message }]);
  }
}

/** What is wrong with the expressions in a value that is to be filled from sources of these names. */
export async function templateFaults(value: unknown, names: readonly string[], path: string): Promise<Fault[]> {
  const { template, faults } = parseTemplate(value, path);
  const unreadable = faults.map(({ field, position, message }) => ({
    path: field,
    code: "invalid_expression",
    message: `${message} (position ${position})`,
  }));
  const found = await Promise.all(expressionsIn(template).map((placed) => placedFaults(placed, names)));
  return [...unreadable, ...found.flat()];
}

async function placedFaults({ expression: { source }, field, offset }: Placed, names: readonly string[]): Promise<Fault[]> {
  const [root] = segmentsOf(source).map(String);
  if (PLAIN.test(source)) return unknownNames([root], names, field);
  const analysis = await analyse(source);
  if (analysis.ok)
    return unknownNames(
      analysis.references.map((reference) => reference.names[0]),
      names,
      field,
    );
  return [{ path: field, code: "invalid_expression", message: `${analysis.message} (position ${offset + analysis.position})` }];
}

function unknownNames(roots: readonly (string | undefined)[], names: readonly string[], path: string): Fault[] {
  return roots
    .filter((root) => root !== undefined && !names.includes(root))
    .map((root) => ({ path, code: "unknown_name", message: `There is no ${root}; expressions here see ${names.join(", ")}.` }));
}
