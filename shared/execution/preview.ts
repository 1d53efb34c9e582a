import { errorCode, errorMessage, type Fault } from "#platform/errors";
import { resolve } from "./expressions/resolve.ts";
import { expressionsIn, parseTemplate, type Template } from "./expressions/template.ts";
import { type EarlierOutput, namesAfter } from "./pins.ts";

/** What the expressions of a value are to see: a run as it was. */
export interface PreviewScope {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly session: Readonly<Record<string, unknown>>;
  readonly app: Readonly<Record<string, unknown>>;
  readonly run: Readonly<Record<string, unknown>>;
  /** By node id. */
  readonly outputs: Readonly<Record<string, EarlierOutput>>;
}

export type Preview =
  | { readonly ok: true; readonly value: unknown; readonly type: "string" | "number" | "boolean" | "null" | "object" | "array" }
  | { readonly ok: false; readonly faults: readonly Fault[] };

const FIELD = "value";
/** What stands in the place of every secret: previews are for people. */
const HIDDEN = "[secret]";

/** Resolves a value's expressions over a run that has been. Secrets are never read. */
export async function previewValue(value: unknown, scope: PreviewScope): Promise<Preview> {
  const { template, faults } = parseTemplate(value, FIELD);
  if (faults.length > 0) return refused(faults.map(({ field, position, message }) => `${placeOf(field, position)}: ${message}`));
  const sources = expressionsIn(template).map(({ expression }) => expression.source);
  const named = (root: "nodes" | "secrets") => new Set(sources.flatMap((source) => namesAfter(root, source)));
  const cut = [...named("nodes")].filter((id) => Object.hasOwn(scope.outputs, id) && scope.outputs[id]?.kind === "cut");
  if (cut.length > 0) return refused(cut.map((id) => `Of the output of ${id}, the run's log keeps only the beginning.`));
  try {
    const found = await resolved(template, scope, named("secrets"));
    return { ok: true, value: found, type: typeOf(found) };
  } catch (error) {
    if (errorCode(error) !== "node_failed") throw error;
    return refused([errorMessage(error)]);
  }
}

function refused(messages: readonly string[]): Preview {
  return { ok: false, faults: messages.map((message) => ({ path: FIELD, code: "invalid_expression", message })) };
}

/** The position in the value's text; where the value has several texts, which one too. */
function placeOf(field: string, position: number): string {
  return field === FIELD ? `position ${position}` : `${field} (position ${position})`;
}

async function resolved(template: Template, { outputs, ...scope }: PreviewScope, secrets: ReadonlySet<string>): Promise<unknown> {
  const known = new Map(Object.entries(outputs).flatMap(([id, earlier]) => (earlier.kind === "cut" ? [] : [[id, outputOf(earlier)]])));
  const found = await resolve(template, {
    ...scope,
    place: placeOf,
    locals: {},
    secrets: Object.fromEntries([...secrets].map((name) => [name, HIDDEN])),
    secretFields: [FIELD],
    upstream: [...known.keys()],
    output: (id) => known.get(id) ?? null,
  });
  return found ?? null;
}

function outputOf(earlier: Exclude<EarlierOutput, { kind: "cut" }>): unknown {
  return earlier.kind === "kept" ? earlier.output : { error: earlier.error };
}

function typeOf(value: unknown): (Preview & { ok: true })["type"] {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" ? type : "object";
}
