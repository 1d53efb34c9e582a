import type { InputDeclaration } from "./declarations.ts";

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["on", true],
  ["1", true],
  ["yes", true],
  ["false", false],
  ["off", false],
  ["0", false],
  ["no", false],
]);

/** Reads a form's text as the declared type. What cannot be read is left as it is, for the check to name. */
export function coerce(value: unknown, { type }: InputDeclaration): unknown {
  // A browser leaves an unticked checkbox out.
  if (type === "boolean" && value === undefined) return false;
  if (typeof value !== "string") return value;
  if (value.trim() === "") return undefined;
  switch (type) {
    case "number":
    case "integer":
      return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value) ? Number(value) : value;
    case "boolean":
      return BOOLEANS.get(value.trim().toLowerCase()) ?? value;
    case "json":
      return parsed(value);
    case "string":
    case "file":
      return value;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: then the text itself is the value.
    return text;
  }
}
