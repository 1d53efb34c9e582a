import type { Fault } from "#platform/errors";
import { isId } from "#platform/ids";
import type { InputDeclaration } from "./declarations.ts";
import { formatFault } from "./formats.ts";
import { maxSubject, patternFault } from "./patterns.ts";

const TYPE_NAMES = {
  string: "a text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  json: "JSON",
  file: "the id of an uploaded file",
};

function hasType(value: unknown, type: InputDeclaration["type"]): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    case "integer":
      return Number.isSafeInteger(value);
    case "boolean":
      return typeof value === "boolean";
    case "json":
      return true;
    case "file":
      return fileIdOf(value) !== null;
  }
}

/** The id of an uploaded file, given by itself or within an object, or `null`. Whether there is such a file is not for here. */
export function fileIdOf(value: unknown): string | null {
  const id = typeof value === "object" && value !== null && "id" in value ? value.id : value;
  return typeof id === "string" && isId("file", id) ? id : null;
}

/** Everything that is wrong with one value of one input. */
export function valueFaults(value: unknown, declaration: InputDeclaration, path: string): Fault[] {
  const { type } = declaration;
  if (!hasType(value, type)) return [{ path, code: "invalid_type", message: `Give ${TYPE_NAMES[type]}.` }];
  const rules = [enumFault(value, declaration), ...numberFaults(value, declaration), ...textFaults(value, declaration)];
  return rules.filter((rule) => rule !== undefined).map(([code, message]) => ({ path, code, message }));
}

type Broken = readonly [code: string, message: string] | undefined;

function enumFault(value: unknown, declaration: InputDeclaration): Broken {
  if (!declaration.enum || declaration.enum.some((allowed) => allowed === value)) return undefined;
  return ["not_allowed", `Give one of: ${declaration.enum.join(", ")}.`];
}

function numberFaults(value: unknown, { min, max }: InputDeclaration): Broken[] {
  if (typeof value !== "number") return [];
  return [
    min !== undefined && value < min ? ["too_small", `Give ${min} or more.`] : undefined,
    max !== undefined && value > max ? ["too_big", `Give ${max} or less.`] : undefined,
  ];
}

/** Length as people count it: in characters, not in UTF-16 units. */
function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

function textFaults(value: unknown, declaration: InputDeclaration): Broken[] {
  if (typeof value !== "string") return [];
  const { min_length, max_length, format } = declaration;
  const length = lengthOf(value);
  const message = format === undefined ? undefined : formatFault(value, format);
  return [
    min_length !== undefined && length < min_length ? ["too_short", `Give at least ${min_length} characters.`] : undefined,
    max_length !== undefined && length > max_length ? ["too_long", `Give at most ${max_length} characters.`] : undefined,
    message === undefined ? undefined : ["invalid_format", message],
    patternBroken(value, declaration.pattern),
  ];
}

function patternBroken(value: string, pattern: string | undefined): Broken {
  if (pattern === undefined || patternFault(pattern) !== undefined) return undefined;
  const longest = maxSubject(pattern);
  if (value.length > longest) return ["too_long", `Give at most ${longest} characters.`];
  return new RegExp(pattern).test(value) ? undefined : ["invalid_pattern", `Give a text that matches ${pattern}.`];
}
