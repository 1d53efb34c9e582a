import { z } from "zod";
import { schemaInstance } from "./schema-instance.ts";

const schemaOf = z
  .object({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    format: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    properties: z.record(z.string(), z.unknown()).optional(),
    required: z.array(z.string()).optional(),
    anyOf: z.array(z.unknown()).optional(),
  })
  .catch({});

/** How values of a format stand in a text. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  email: /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/,
  uri: /https?:\/\/[^\s"'<>]+/,
  date: /\b\d{4}-\d{2}-\d{2}\b/,
  "date-time": /\b\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})/,
  uuid: /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/i,
};
/** What stands between a name and its value: `city: Paris`, `the city is Paris`. */
const BETWEEN = "[\\s:=#]{1,3}(?:(?:is|of) )?";
const NUMBER = /-?\d+(?:\.\d+)?/;

/** Arguments by a schema: what the text evidently says of each, and for those that must be there, a value that fits. */
export function argumentsFrom(schema: unknown, text: string): Record<string, unknown> {
  const { properties = {}, required = [] } = schemaOf.parse(schema);
  const entries = Object.entries(properties).flatMap(([name, property]): [string, unknown][] => {
    const found = valueIn(property, name, text);
    if (found !== undefined) return [[name, found]];
    return required.includes(name) ? [[name, needed(property, text)]] : [];
  });
  return Object.fromEntries(entries);
}

/** A value for what must be there. Of an object, no more than that: what is not said stays open. */
function needed(property: unknown, text: string): unknown {
  return schemaOf.parse(property).properties ? argumentsFrom(property, text) : schemaInstance(property, text);
}

/** What a text says of something by its name and kind, or `undefined`. */
function valueIn(property: unknown, name: string, text: string): unknown {
  const { type, format, enum: allowed, properties, anyOf } = schemaOf.parse(property);
  if (allowed) return allowed.find((value) => new RegExp(`\\b${spoken(String(value))}\\b`, "i").test(spoken(text)));
  if (anyOf) return anyOf.map((choice) => valueIn(choice, name, text)).find((value) => value !== undefined);
  if (properties) {
    const found = argumentsFrom(property, text);
    return Object.keys(found).length > 0 ? found : undefined;
  }
  const kind = [type].flat().find((one) => one !== "null");
  if (kind === "number" || kind === "integer") return numberIn(kind, name, text);
  return kind === "string" ? textIn(format ?? name, name, text) : undefined;
}

/** The number after the name, such as `order 17`. */
function numberIn(kind: string, name: string, text: string): number | undefined {
  const said = new RegExp(`\\b${spoken(name)}${BETWEEN}(${NUMBER.source})`, "i").exec(text)?.[1];
  const value = said === undefined ? undefined : Number(said);
  return value !== undefined && (kind === "number" || Number.isInteger(value)) ? value : undefined;
}

/** What has the form of the thing, else the word or the quoted text after its name: `city Paris`, `title "Two words"`. */
function textIn(form: string, name: string, text: string): string | undefined {
  const pattern = PATTERNS[form];
  if (pattern) return pattern.exec(text)?.[0];
  const [, quoted, word] = new RegExp(`\\b${spoken(name)}${BETWEEN}(?:"([^"]+)"|([\\p{L}\\p{N}_-]+))`, "iu").exec(text) ?? [];
  return quoted ?? word;
}

/** A name as people write it: words alone. */
function spoken(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}]+/gu, " ").trim();
}
