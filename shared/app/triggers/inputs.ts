/** What a trigger was fired by, by the name that its paths begin with. */
export type Sources = Readonly<Record<string, unknown>>;

const WHOLE_PATH = /^\s*\{\{\s*([A-Za-z_][\w-]*(?:\.[\w-]+|\[\d{1,9}\])*)\s*\}\}\s*$/;

/** Fills a trigger's inputs: a text that is one `{{ path }}` becomes what the path leads to, and `null` where it leads nowhere. */
export function fillInputs(template: Readonly<Record<string, unknown>>, sources: Sources): Record<string, unknown> {
  const filled = Object.entries(template).map(([name, value]) => [name, fill(value, sources)] as const);
  // What leads nowhere is left out, so that the input's own default can take its place.
  return Object.fromEntries(filled.filter(([, value]) => value !== null));
}

function fill(value: unknown, sources: Sources): unknown {
  if (typeof value === "string") {
    const path = WHOLE_PATH.exec(value)?.[1];
    return path === undefined
      ? value
      : follow(
          sources,
          path.split(/[.[\]]+/).filter((part) => part !== ""),
        );
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, sources));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, sources)]));
}

/** Only what an object holds itself is seen, never what it inherits. */
function follow(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, part)) return null;
    current = Reflect.get(current, part);
  }
  return current ?? null;
}
