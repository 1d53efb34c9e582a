import { z } from "zod";

const record = z.record(z.string(), z.unknown());
type Schema = z.infer<typeof record>;

/** Nesting beyond which only what is required is made; a schema may refer to itself. */
const MAX_DEPTH = 6;

const FORMATS: Readonly<Record<string, string>> = {
  email: "offline@example.com",
  "date-time": "2026-01-01T00:00:00Z",
  date: "2026-01-01",
  time: "00:00:00Z",
  uri: "https://example.com/",
  url: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
};

/** A small value that satisfies a JSON schema of the kind that models are given; strings hold `text` where nothing narrower is asked. */
export function schemaInstance(schema: unknown, text: string): unknown {
  return instance(asSchema(schema), { root: asSchema(schema), text }, 0);
}

interface Making {
  readonly root: Schema;
  readonly text: string;
}

function instance(schema: Schema, making: Making, depth: number): unknown {
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  if (typeof schema["$ref"] === "string") return instance(resolve(schema["$ref"], making.root), making, depth + 1);
  const choice = firstOf(schema["anyOf"]) ?? firstOf(schema["oneOf"]);
  if (choice !== undefined) return instance(asSchema(choice), making, depth + 1);
  if (Array.isArray(schema["allOf"])) return instance(mergeAll(schema, schema["allOf"], making.root), making, depth);
  switch (typeOf(schema)) {
    case "object":
      return objectInstance(schema, making, depth);
    case "array":
      return arrayInstance(schema, making, depth);
    case "number":
    case "integer":
      return numberInstance(schema);
    case "boolean":
      return false;
    case "null":
      return null;
    default:
      return stringInstance(schema, making.text);
  }
}

function objectInstance(schema: Schema, making: Making, depth: number): Record<string, unknown> {
  const properties = asSchema(schema["properties"]);
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  const names = Object.keys(properties).filter((name) => depth < MAX_DEPTH || required.has(name));
  return Object.fromEntries(names.map((name) => [name, instance(asSchema(properties[name]), making, depth + 1)]));
}

function arrayInstance(schema: Schema, making: Making, depth: number): unknown[] {
  const length = Math.max(numberAt(schema, "minItems") ?? 0, depth < MAX_DEPTH && numberAt(schema, "maxItems") !== 0 ? 1 : 0);
  return Array.from({ length }, () => instance(asSchema(schema["items"]), making, depth + 1));
}

function numberInstance(schema: Schema): number {
  const exclusive = numberAt(schema, "exclusiveMinimum");
  const lowest = numberAt(schema, "minimum") ?? (exclusive === undefined ? 0 : exclusive + 1);
  const highest = numberAt(schema, "maximum") ?? Number.POSITIVE_INFINITY;
  const step = numberAt(schema, "multipleOf") ?? (typeOf(schema) === "integer" ? 1 : 0);
  const value = Math.min(Math.max(0, lowest), highest);
  return step > 0 ? Math.ceil(value / step) * step : value;
}

function stringInstance(schema: Schema, text: string): string {
  const format = typeof schema["format"] === "string" ? FORMATS[schema["format"]] : undefined;
  const value = format ?? text;
  const padded = value.padEnd(numberAt(schema, "minLength") ?? 0, ".");
  return padded.slice(0, numberAt(schema, "maxLength") ?? padded.length);
}

function typeOf(schema: Schema): unknown {
  const type = schema["type"];
  if (Array.isArray(type)) return type.find((name) => name !== "null") ?? "null";
  return type ?? ("properties" in schema ? "object" : "items" in schema ? "array" : "string");
}

function mergeAll(schema: Schema, parts: readonly unknown[], root: Schema): Schema {
  const all = parts.map((part) => {
    const known = asSchema(part);
    return typeof known["$ref"] === "string" ? resolve(known["$ref"], root) : known;
  });
  const { allOf: _, ...own } = schema;
  const properties = Object.assign({}, ...[...all, own].map((part) => asSchema(part["properties"])));
  return Object.assign({}, ...all, own, { properties });
}

/** Follows `#/$defs/name`. */
function resolve(reference: string, root: Schema): Schema {
  const path = reference
    .replace(/^#\/?/, "")
    .split("/")
    .filter((part) => part !== "");
  return path.reduce<Schema>((schema, part) => asSchema(schema[part]), root);
}

function firstOf(choices: unknown): unknown {
  if (!Array.isArray(choices)) return undefined;
  return choices.find((choice) => asSchema(choice)["type"] !== "null") ?? choices[0];
}

function numberAt(schema: Schema, name: string): number | undefined {
  const value = schema[name];
  return typeof value === "number" ? value : undefined;
}

function asSchema(value: unknown): Schema {
  const known = record.safeParse(value);
  return known.success ? known.data : {};
}
