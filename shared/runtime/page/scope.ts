/** What the placeholders of a page can name. */
export interface Scope {
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
}

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;
const WHOLE = /^\s*\{\{\s*([^{}]*?)\s*\}\}\s*$/;
const PATH = /^(inputs|outputs)((?:\.[A-Za-z_]\w*|\[\d{1,6}\])*)$/;

function step(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function lookUp(path: string, scope: Scope): unknown {
  const match = PATH.exec(path);
  if (match === null) return undefined;
  const root: unknown = match[1] === "inputs" ? scope.inputs : scope.outputs;
  const keys = (match[2] ?? "").match(/\w+/g) ?? [];
  return keys.reduce<unknown>(step, root);
}

/** A value as a visitor reads it. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
}

/**
 * Fills in `{{ outputs.name }}` and `{{ inputs.name }}`. Content that is exactly one placeholder keeps its value's type;
 * a path that leads nowhere is empty.
 */
export function fillIn(content: string, scope: Scope): unknown {
  const whole = WHOLE.exec(content)?.[1];
  if (whole !== undefined) return lookUp(whole, scope);
  return content.replace(PLACEHOLDER, (_, path: string) => textOf(lookUp(path, scope)));
}

/** Whether content shows something of a run, and so changes when one ends. */
export function dependsOnRun(content: string): boolean {
  return /\{\{[^{}]*\b(outputs|inputs)\b/.test(content);
}

/** The outputs that content shows, by name. */
export function outputsIn(content: string): string[] {
  return Array.from(content.matchAll(/\boutputs\.([A-Za-z_]\w*)/g), (match) => match[1] ?? "");
}

/** Rows of a table or chart: an array of objects, or of plain values. Anything else is no rows. */
export function rowsOf(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return value.map((row: unknown) => (typeof row === "object" && row !== null && !Array.isArray(row) ? { ...row } : { value: row }));
}
