import { AppError } from "#platform/errors";
import { evaluate } from "./engine.ts";
import { BEYOND_PATHS, follow, isLocalRoot, type PathExpression } from "./path.ts";
import { isWithin } from "./place.ts";
import { namesSecrets, type Placed, type Template } from "./template.ts";

/** What the expressions of one node see. */
export interface Scope {
  /** How a message says where it stands: the field's path, and the position of the character in its text. */
  readonly place: (field: string, position: number) => string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly session: Readonly<Record<string, unknown>>;
  readonly app: Readonly<Record<string, unknown>>;
  readonly run: Readonly<Record<string, unknown>>;
  /** Empty except where the workflow names secrets. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Config fields whose expressions see them, as places; none where it is left out. */
  readonly secretFields?: readonly string[];
  /** Is told what an expression made from secrets. */
  readonly onSecret?: (made: unknown) => void;
  /** `item`, `index` and `last` within a loop, `args` where a model calls a tool. */
  readonly locals: Readonly<Record<string, unknown>>;
  /** A node's output; `null` for one that was skipped. */
  readonly output: (nodeId: string) => unknown;
  /** The nodes before this one, whose outputs an expression may ask for. */
  readonly upstream: readonly string[];
}

/** The secrets, for an expression in a field that may use them: no other sees them by any name. */
function secretsFor({ secrets, secretFields = [] }: Scope, { field }: Placed): Readonly<Record<string, string>> {
  return isWithin(field, secretFields) ? secrets : {};
}

function rootValue(scope: Scope, { root, segments }: PathExpression, placed: Placed): unknown {
  if (isLocalRoot(root)) return follow(scope.locals, [root, ...segments]);
  if (root === "secrets") return follow(secretsFor(scope, placed), segments);
  if (root !== "nodes") return follow(scope[root], segments);
  const [nodeId, ...rest] = segments;
  if (typeof nodeId === "string") return follow(scope.output(nodeId), rest);
  return follow(outputs(scope), segments);
}

function outputs(scope: Scope): Record<string, unknown> {
  return Object.fromEntries(scope.upstream.map((nodeId) => [nodeId, scope.output(nodeId)]));
}

/** Where an expression, or a character in it, stands. */
function placeOf(scope: Scope, { field, offset }: Placed, position = 0): string {
  return scope.place(field, offset + position);
}

function expressionValue(scope: Scope, placed: Placed): unknown {
  const { expression } = placed;
  if (expression.kind === "engine") return engineValue(scope, placed, outputs(scope));
  const value = rootValue(scope, expression, placed);
  if (value === BEYOND_PATHS) return engineValue(scope, placed, outputNamed(scope, expression));
  if (expression.root === "secrets" && value === null) {
    throw new AppError("node_failed", `${placeOf(scope, placed)}: the workspace has no such secret.`);
  }
  return value;
}

/** All that a path can name of nodes. */
function outputNamed(scope: Scope, { root, segments: [nodeId] }: PathExpression): Record<string, unknown> {
  return root === "nodes" && typeof nodeId === "string" ? { [nodeId]: scope.output(nodeId) } : {};
}

function engineValue(scope: Scope, placed: Placed, nodes: Readonly<Record<string, unknown>>): Promise<unknown> {
  const { inputs, session, app, run, locals, onSecret } = scope;
  const secrets = secretsFor(scope, placed);
  const value = evaluate(placed.expression.source, { inputs, nodes, session, app, run, secrets, ...locals }, (position) =>
    placeOf(scope, placed, position),
  );
  if (!onSecret || !namesSecrets(placed)) return value;
  return value.then((made) => {
    onSecret(made);
    return made;
  });
}

/** How a value reads within a text: nothing for `null`, JSON for objects and lists. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * Resolves a template's expressions. Gives the value itself when plain paths were enough, and a promise only when the
 * engine was needed, so that the common case costs no turn of the event loop.
 */
export function resolve(template: Template, scope: Scope): unknown {
  switch (template.kind) {
    case "literal":
      return template.value;
    case "value":
      return expressionValue(scope, template.placed);
    case "text":
      return together(
        template.parts.map((part) => (typeof part === "string" ? part : expressionValue(scope, part))),
        (parts) => parts.map(asText).join(""),
      );
    case "list":
      return together(
        template.items.map((item) => resolve(item, scope)),
        (items) => items,
      );
    case "record":
      return together(
        template.entries.map(([, item]) => resolve(item, scope)),
        (values) => Object.fromEntries(template.entries.map(([key], index) => [key, values[index]])),
      );
  }
}

function together(values: unknown[], combine: (values: unknown[]) => unknown): unknown {
  return values.some((value) => value instanceof Promise) ? Promise.all(values).then(combine) : combine(values);
}
