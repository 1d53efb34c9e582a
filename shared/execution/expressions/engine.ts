import type { Expression, JsonataOptions } from "jsonata";
import { AppError, errorMessage } from "#platform/errors";
import { patternFault } from "../inputs/patterns.ts";

/*
 * JSONata, imported when the first expression needs it. Workers stop their clock while code computes, so a time limit
 * alone guards nothing there: steps are counted as well.
 */

/** Steps of evaluation that one expression may take; a step is about a microsecond. */
const MAX_STEPS = 100_000;
/** Milliseconds, where the clock runs. */
const MAX_TIME = 1_000;
/** Depth of nested evaluation; past some thousands the JavaScript stack itself would end. */
const MAX_DEPTH = 500;
const MAX_SEQUENCE = 100_000;
/** Values within anything that an expression makes, counted as often as they would be copied; of text, so many characters are one. */
const MAX_WEIGHT = 1_000_000;
const CHARACTERS = 20;
/** Longest text that `$pad` may make. */
const MAX_PAD = 100_000;
const MAX_CACHED = 1_000;

/** Compiled expressions by their source, for the life of the isolate. They hold no data. */
const compiled = new Map<string, Compiled>();

interface Compiled {
  readonly expression: Expression;
  /** Whether it has patterns: then each evaluation needs an engine of its own for them. */
  readonly matches: boolean;
}

/** The engine's scope of names, as its hooks get it. */
interface Environment {
  /** The outermost: one for each evaluation, and no variable, so that expressions cannot put another in its place. */
  readonly base: object;
}

/** Steps taken by the evaluations that go on. */
const steps = new WeakMap<object, number>();

/** JSONata throws plain objects. */
function describe(error: unknown): { message: string; position: number } {
  if (typeof error !== "object" || error === null) return { message: errorMessage(error), position: 0 };
  const message = "message" in error && typeof error.message === "string" ? error.message : "The expression failed.";
  return { message, position: "position" in error && typeof error.position === "number" ? error.position : 0 };
}

function countStep(_expression: unknown, _input: unknown, { base }: Environment): void {
  const taken = (steps.get(base) ?? 0) + 1;
  if (taken > MAX_STEPS) throw new Error(`The expression takes more than ${MAX_STEPS} steps.`);
  steps.set(base, taken);
}

/** Weights of objects and lists, which an expression makes and never changes. */
const weights = new WeakMap<object, number>();

function requireWeight(_expression: unknown, _input: unknown, _environment: Environment, result: unknown): void {
  if (weigh(result, 0) > MAX_WEIGHT) throw new Error("The expression makes a value that is too large.");
}

/** What is held twice counts twice: doubled often enough, it would take longer to write than anybody waits. */
function weigh(value: unknown, depth: number): number {
  if (typeof value === "string") return 1 + value.length / CHARACTERS;
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return 1;
  const known = weights.get(value);
  if (known !== undefined) return known;
  let weight = 1;
  for (const part of Object.values(value)) weight += weigh(part, depth + 1);
  weights.set(value, weight);
  return weight;
}

/** Texts of a list with a separator between them. */
function join(texts: readonly string[] | undefined, separator = ""): string | undefined {
  if (texts === undefined) return undefined;
  const longest = MAX_WEIGHT * CHARACTERS;
  if (separator.length * texts.length > longest) throw new Error(`$join makes texts of up to ${longest} characters.`);
  return texts.join(separator);
}

function pad(text: string | undefined, width: number, fill = " "): string | undefined {
  if (text === undefined) return undefined;
  if (Math.abs(width) > MAX_PAD) throw new Error(`$pad makes texts of up to ${MAX_PAD} characters.`);
  return width < 0 ? text.padStart(-width, fill) : text.padEnd(width, fill);
}

async function compile(source: string): Promise<Compiled> {
  const known = compiled.get(source);
  if (known) return known;
  const expression = await guarded(source);
  const made = { expression, matches: hasPattern(expression.ast()) };
  if (compiled.size >= MAX_CACHED) compiled.clear();
  compiled.set(source, made);
  return made;
}

async function guarded(source: string, patterns: Pick<JsonataOptions, "RegexEngine"> = {}): Promise<Expression> {
  const { default: jsonata } = await import("jsonata");
  const expression = jsonata(source, { timeout: MAX_TIME, stack: MAX_DEPTH, sequence: MAX_SEQUENCE, ...patterns });
  // The engine looks its hooks up under symbols, which its types leave out.
  const { assign }: { assign(name: string | symbol, value: unknown): void } = expression;
  assign(Symbol.for("jsonata.__evaluate_entry"), countStep);
  assign(Symbol.for("jsonata.__evaluate_exit"), requireWeight);
  expression.registerFunction("pad", pad, "<s-ns?:s>");
  expression.registerFunction("join", join, "<a<s>s?:s>");
  expression.registerFunction("eval", refuseEval, "<sx?:x>");
  return expression;
}

/** The expression, ready to be evaluated once. */
async function ready(source: string): Promise<Expression> {
  const { expression, matches } = await compile(source);
  if (!matches) return expression;
  const { meteredRegExp } = await import("../sandbox/patterns.ts");
  return guarded(source, { RegexEngine: await meteredRegExp() });
}

function hasPattern(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasPattern);
  if (!isSyntaxNode(value)) return false;
  return value["type"] === "regex" || Object.entries(value).some(([part, child]) => !isBackward(part) && hasPattern(child));
}

/** Parts that lead back to what is around them. */
function isBackward(part: string): boolean {
  return part === "ancestor" || part === "slot";
}

function refuseEval(): never {
  throw new Error("$eval is not available.");
}

/** A name that an expression follows from the top: `inputs.email` is `["inputs", "email"]`. */
export interface Reference {
  readonly names: readonly string[];
  readonly position: number;
}

export type Analysis =
  | { readonly ok: true; readonly references: readonly Reference[] }
  | { readonly ok: false; readonly message: string; readonly position: number };

/** Parses an expression and says which names it follows from the top. */
export async function analyse(source: string): Promise<Analysis> {
  try {
    const references: Reference[] = [];
    collect((await compile(source)).expression.ast(), true, references);
    return { ok: true, references };
  } catch (error) {
    return { ok: false, ...describe(error) };
  }
}

type SyntaxNode = Readonly<Record<string, unknown>>;

function isSyntaxNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof RegExp);
}

const FORBIDDEN_NAMES: ReadonlySet<unknown> = new Set(["__proto__", "constructor", "prototype"]);
/** Parts of a step that are evaluated against what the step found, not against the top. */
const RELATIVE_PARTS: ReadonlySet<string> = new Set(["predicate", "stages", "group", "terms", "pattern", "update", "delete"]);

function positionOf(node: SyntaxNode): number {
  return typeof node["position"] === "number" ? node["position"] : 0;
}

/** Why a part of an expression is not allowed, if it is not. */
function refusal({ type, value }: SyntaxNode): string | undefined {
  if (type === "name" && FORBIDDEN_NAMES.has(value)) return `The name ${String(value)} cannot be used.`;
  if (type === "variable" && value === "eval") return "$eval is not available.";
  return type === "regex" && value instanceof RegExp ? patternFault(value.source) : undefined;
}

/** Walks the syntax tree. `atTop` says whether names in this place are looked up in the whole scope. */
function collect(value: unknown, atTop: boolean, found: Reference[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, atTop, found);
    return;
  }
  if (!isSyntaxNode(value)) return;
  const refused = refusal(value);
  if (refused) throw Object.assign(new Error(refused), { position: positionOf(value) });
  const { type, steps } = value;
  if (type === "path" && Array.isArray(steps)) {
    collectPath(steps.filter(isSyntaxNode), atTop, found);
    collect(value["group"], false, found);
    return;
  }
  for (const [part, child] of Object.entries(value)) {
    if (!isBackward(part)) collect(child, atTop && !RELATIVE_PARTS.has(part), found);
  }
}

function collectPath(steps: readonly SyntaxNode[], atTop: boolean, found: Reference[]): void {
  const [first] = steps;
  const fromRoot = first?.["type"] === "variable" && (first["value"] === "$" || (atTop && first["value"] === ""));
  const named = fromRoot ? steps.slice(1) : steps;
  const [head] = named;
  if (head?.["type"] === "name" && (atTop || fromRoot)) found.push({ names: leadingNames(named), position: positionOf(head) });
  steps.forEach((step, index) => {
    collect(step, atTop && index === 0, found);
  });
}

/** The names before the first step that is more than a name. */
function leadingNames(steps: readonly SyntaxNode[]): string[] {
  const names: string[] = [];
  for (const { type, value } of steps) {
    if (type !== "name" || typeof value !== "string") break;
    names.push(value);
  }
  return names;
}

/** Evaluates an expression over its scope. What it finds is plain JSON; what it does not find is `null`. */
export async function evaluate(source: string, scope: Record<string, unknown>, place: (position: number) => string): Promise<unknown> {
  try {
    const expression = await ready(source);
    return plain(await expression.evaluate(scope), 0);
  } catch (error) {
    const { message, position } = describe(error);
    throw new AppError("node_failed", `${place(position)}: ${message}`, { cause: error });
  }
}

/** Deepest nesting of a result. */
const MAX_NESTING = 100;

/** Copies a result: the engine's sequences become arrays, what is missing `null`; functions are refused. */
function plain(value: unknown, depth: number): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "function" || depth > MAX_NESTING) throw new Error("The expression does not give a JSON value.");
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) return Array.from(value, (item) => plain(item, depth + 1));
  if ("_jsonata_lambda" in value || "_jsonata_function" in value) throw new Error("The expression gives a function, not a value.");
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, depth + 1)]));
}
