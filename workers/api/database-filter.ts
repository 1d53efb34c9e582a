import { z } from "@hono/zod-openapi";
import { validationFailed } from "#platform/errors";

/** Conditions of rows in an address. */
export const filterParameter = z
  .string()
  .max(10_000)
  .optional()
  .openapi({ description: 'Conditions as `where` of a db node, as JSON, such as `{"kind":"sales","created_at":{"gte":"2026-11-01"}}`' });

const filterSchema = z.record(z.string(), z.unknown());

/** Reads the conditions. Throws validation_failed (path `filter`). */
export function readFilter(text: string | undefined): { readonly filter?: Record<string, unknown> } {
  if (text === undefined) return {};
  const parsed = filterSchema.safeParse(parseJson(text));
  if (parsed.success) return { filter: parsed.data };
  throw validationFailed([{ path: "filter", code: "invalid_value", message: "must be a JSON object of columns and their conditions" }]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
