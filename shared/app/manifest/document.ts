import type { Fault } from "#platform/errors";
import { formatPath } from "#platform/faults";

/** Bytes of JSON that a manifest may have. */
const MAX_BYTES = 1_048_576;
/** Levels of nesting; a real manifest with loops in loops stays far below it. */
const MAX_DEPTH = 100;

interface Place {
  readonly value: unknown;
  readonly path: readonly PropertyKey[];
}

function refusal(path: readonly PropertyKey[], code: string, message: string): Fault {
  return { path: formatPath(path), code, message };
}

/** NUL and unpaired surrogates are JSON, but no text that a database can hold. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\u0000");
}

function children({ value, path }: Place): Place[] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => ({ value: item, path: [...path, index] }));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).map(([key, item]: [string, unknown]) => ({ value: item, path: [...path, key] }));
}

function placeFault({ value, path }: Place): Fault | undefined {
  if (path.length > MAX_DEPTH) return refusal(path.slice(0, 4), "too_deep", `At most ${MAX_DEPTH} levels of nesting.`);
  const key = path.at(-1);
  const storable = (typeof value !== "string" || isStorable(value)) && (typeof key !== "string" || isStorable(key));
  return storable ? undefined : refusal(path, "invalid_text", "Must not contain NUL or unpaired surrogate characters.");
}

/** What makes a document unfit to be looked at more closely: its nesting, its characters, its size. */
export function documentFaults(json: unknown): Fault[] {
  const faults: Fault[] = [];
  const waiting: Place[] = [{ value: json, path: [] }];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    const fault = placeFault(place);
    if (fault) faults.push(fault);
    if (place.path.length <= MAX_DEPTH) waiting.push(...children(place));
  }
  // Only now is it certain that writing the document as text does not exhaust the stack.
  if (faults.length > 0) return faults;
  const bytes = new TextEncoder().encode(JSON.stringify(json) ?? "").length;
  return bytes > MAX_BYTES ? [refusal([], "too_large", `A manifest has at most ${MAX_BYTES} bytes; this one has ${bytes}.`)] : [];
}
