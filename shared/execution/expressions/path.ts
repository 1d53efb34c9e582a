/** What expressions can begin with. */
export const ROOTS = ["inputs", "nodes", "session", "secrets", "app", "run"] as const;
/** What they can begin with besides, within a loop. */
export const LOOP_ROOTS = ["item", "index", "last"] as const;
/** What they can begin with besides, where a model calls a tool. */
export const TOOL_ROOTS = ["args"] as const;
type LocalRoot = (typeof LOOP_ROOTS)[number] | (typeof TOOL_ROOTS)[number];
export type Root = (typeof ROOTS)[number] | LocalRoot;

/** A plain path such as `nodes.find.rows[0].id`: read without an expression engine. */
export interface PathExpression {
  readonly kind: "path";
  readonly root: Root;
  readonly segments: readonly (string | number)[];
  readonly source: string;
}

const PATH = /^([A-Za-z_][A-Za-z0-9_]*)((?:\.[A-Za-z_][A-Za-z0-9_]*|\[\d{1,9}\])*)$/;
const SEGMENT = /\.([A-Za-z_][A-Za-z0-9_]*)|\[(\d+)\]/g;

export function isRoot(name: string): name is Root {
  return ROOTS.some((root) => root === name) || isLocalRoot(name);
}

/** Whether a name means something only in certain places. */
export function isLocalRoot(name: string): name is LocalRoot {
  return [...LOOP_ROOTS, ...TOOL_ROOTS].some((root) => root === name);
}

/** The path that a source text spells, or `undefined` when it is more than one. */
export function parsePath(source: string): PathExpression | undefined {
  const [, root = "", tail = ""] = PATH.exec(source) ?? [];
  if (!isRoot(root)) return undefined;
  const segments = Array.from(tail.matchAll(SEGMENT), ([, name, index]) => name ?? Number(index));
  return { kind: "path", root, segments, source };
}

/** That a path asks for more than one step after the other: a name over a list, a position in what is none. The engine knows. */
export const BEYOND_PATHS = Symbol("more than a plain path");

/**
 * Follows segments from a value. Only what an object holds itself is seen, never what it inherits; whatever is missing on
 * the way makes the whole `null`. Gives {@link BEYOND_PATHS} where JSONata would go over a list, so that both ways agree.
 */
export function follow(value: unknown, segments: readonly (string | number)[]): unknown {
  let current = value;
  for (const segment of segments) {
    if (current === null || current === undefined) return null;
    if (Array.isArray(current) !== (typeof segment === "number")) return BEYOND_PATHS;
    if (typeof current !== "object" || !Object.hasOwn(current, segment)) return null;
    current = Reflect.get(current, segment);
  }
  return current ?? null;
}
