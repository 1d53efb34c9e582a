import { canonicalJson } from "#platform/canonical";

/** One place where two manifests differ. Items of lists are named by their id: `workflow.nodes[reply].config.max_tokens`. */
export interface Difference {
  readonly path: string;
  readonly kind: "added" | "removed" | "changed";
  /** `null` where there was nothing. */
  readonly before: unknown;
  readonly after: unknown;
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What changed from one JSON value to another, in the order of the values. Nothing when they are equal. */
export function differences(before: unknown, after: unknown, path = ""): Difference[] {
  if (canonicalJson(before) === canonicalJson(after)) return [];
  if (isObject(before) && isObject(after)) {
    return compareKeys(new Map(Object.entries(before)), new Map(Object.entries(after)), (key) => (path === "" ? key : `${path}.${key}`));
  }
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, path);
  return [{ path, kind: "changed", before, after }];
}

function compareKeys(
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
  pathOf: (key: string) => string,
): Difference[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].flatMap((key): Difference[] => {
    if (!before.has(key)) return [{ path: pathOf(key), kind: "added", before: null, after: after.get(key) }];
    if (!after.has(key)) return [{ path: pathOf(key), kind: "removed", before: before.get(key), after: null }];
    return differences(before.get(key), after.get(key), pathOf(key));
  });
}

function compareLists(before: readonly unknown[], after: readonly unknown[], path: string): Difference[] {
  const named = { before: byIdentity(before), after: byIdentity(after) };
  if (!named.before || !named.after) return compareKeys(byIndex(before), byIndex(after), (index) => `${path}[${index}]`);
  const { before: old, after: now } = named;
  const found = compareKeys(old, now, (identity) => `${path}[${identity}]`);
  const order = { before: [...old.keys()].filter((key) => now.has(key)), after: [...now.keys()].filter((key) => old.has(key)) };
  return order.before.join() === order.after.join() ? found : [...found, { path, kind: "changed", ...order }];
}

function byIndex(items: readonly unknown[]): Map<string, unknown> {
  return new Map(items.map((item, index) => [String(index), item]));
}

/** Items by what names them, or `undefined` when some have no name or share one. */
function byIdentity(items: readonly unknown[]): Map<string, unknown> | undefined {
  const entries = items.map((item) => [identityOf(item), item] as const);
  const named = new Map(entries.flatMap(([identity, item]) => (identity === undefined ? [] : [[identity, item] as const])));
  return named.size === items.length ? named : undefined;
}

function identityOf(item: unknown): string | undefined {
  if (!isObject(item)) return undefined;
  const { id, name, from, to, port } = item;
  if (typeof id === "string") return id;
  if (typeof name === "string") return name;
  if (typeof from !== "string" || typeof to !== "string") return undefined;
  return typeof port === "string" ? `${from}.${port} -> ${to}` : `${from} -> ${to}`;
}
