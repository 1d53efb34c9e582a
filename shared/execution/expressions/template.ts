import { type PathExpression, parsePath } from "./path.ts";

/** An expression that needs the engine. */
interface EngineExpression {
  readonly kind: "engine";
  readonly source: string;
}

/** One `{{ … }}` and where it stands, so that its errors can say so. */
export interface Placed {
  readonly expression: PathExpression | EngineExpression;
  /** Path of the field within the node's config, such as `values.email`. */
  readonly field: string;
  /** Offset of the expression's first character in the field's text. */
  readonly offset: number;
}

/** A JSON value with expressions in its texts, taken apart once so that resolving it is a walk. */
export type Template =
  | { readonly kind: "literal"; readonly value: unknown }
  | { readonly kind: "value"; readonly placed: Placed }
  | { readonly kind: "text"; readonly parts: readonly (string | Placed)[] }
  | { readonly kind: "list"; readonly items: readonly Template[] }
  | { readonly kind: "record"; readonly entries: readonly (readonly [string, Template])[] };

/** A text whose braces do not match. `position` counts characters from 0. */
interface TemplateFault {
  readonly field: string;
  readonly position: number;
  readonly message: string;
}

export interface ParsedTemplate {
  readonly template: Template;
  readonly faults: readonly TemplateFault[];
}

function parseExpression(source: string): PathExpression | EngineExpression {
  return parsePath(source) ?? { kind: "engine", source };
}

/** Quoted parts as a whole, and braces. */
const BRACES = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|[{}]/gs;

/**
 * Where the expression that begins at `start` ends: the `}}` outside of quotes and of the expression's own braces.
 * `undefined` when there is none.
 */
function findEnd(text: string, start: number): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.slice(start).matchAll(BRACES)) {
    const end = start + index;
    if (token === "}" && depth === 0 && text.charAt(end + 1) === "}") return end;
    if (token === "{") depth += 1;
    else if (token === "}") depth = Math.max(0, depth - 1);
  }
  return undefined;
}

function parseText(text: string, field: string, faults: TemplateFault[]): Template {
  const parts: (string | Placed)[] = [];
  let position = 0;
  for (let open = text.indexOf("{{"); open !== -1; open = text.indexOf("{{", position)) {
    const end = findEnd(text, open + 2);
    if (end === undefined) {
      faults.push({ field, position: open, message: "An expression is opened with {{ but never closed with }}." });
      break;
    }
    if (open > position) parts.push(text.slice(position, open));
    const raw = text.slice(open + 2, end);
    const source = raw.trim();
    const offset = open + 2 + (raw.length - raw.trimStart().length);
    if (source === "") faults.push({ field, position: open, message: "The expression is empty." });
    else parts.push({ expression: parseExpression(source), field, offset });
    position = end + 2;
  }
  if (position < text.length) parts.push(text.slice(position));
  const [only] = parts;
  if (parts.length === 1 && typeof only === "object") return { kind: "value", placed: only };
  return parts.some((part) => typeof part === "object") ? { kind: "text", parts } : { kind: "literal", value: text };
}

function parse(value: unknown, field: string, faults: TemplateFault[]): Template {
  if (typeof value === "string") return value.includes("{{") ? parseText(value, field, faults) : { kind: "literal", value };
  if (typeof value !== "object" || value === null) return { kind: "literal", value };
  if (Array.isArray(value)) {
    const items = value.map((item, index) => parse(item, `${field}[${index}]`, faults));
    return items.every(isLiteral) ? { kind: "literal", value } : { kind: "list", items };
  }
  const entries = Object.entries(value).map(([key, item]) => [key, parse(item, field === "" ? key : `${field}.${key}`, faults)] as const);
  return entries.every(([, template]) => isLiteral(template)) ? { kind: "literal", value } : { kind: "record", entries };
}

function isLiteral(template: Template): boolean {
  return template.kind === "literal";
}

/** Takes a config (or any JSON) apart. A value that is exactly one `{{ … }}` keeps its type; other texts stay texts. */
export function parseTemplate(value: unknown, field = ""): ParsedTemplate {
  const faults: TemplateFault[] = [];
  return { template: parse(value, field, faults), faults };
}

/** Whether an expression may name secrets. */
export function namesSecrets({ expression }: Placed): boolean {
  return /\bsecrets\b/.test(expression.source);
}

/** Every expression in a template, in the order they are written. */
export function expressionsIn(template: Template): readonly Placed[] {
  switch (template.kind) {
    case "literal":
      return [];
    case "value":
      return [template.placed];
    case "text":
      return template.parts.filter((part) => typeof part === "object");
    case "list":
      return template.items.flatMap(expressionsIn);
    case "record":
      return template.entries.flatMap(([, item]) => expressionsIn(item));
  }
}
