import type { Fault } from "./api/problem.ts";
import type { Catalogue } from "./i18n/en.ts";

/** What a field for a JSON object holds: nothing, an object, or a fault to show at it. */
export type JsonObject =
  | { readonly ok: true; readonly value: Record<string, unknown> | undefined }
  | { readonly ok: false; readonly fault: Fault };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads a field that takes a JSON object or nothing; `path` is where it goes in what is sent. */
export function readJsonObject(field: string, path: string, text: Catalogue): JsonObject {
  if (field.trim() === "") return { ok: true, value: undefined };
  try {
    const value: unknown = JSON.parse(field);
    return isObject(value) ? { ok: true, value } : { ok: false, fault: { path, code: "invalid_type", message: text.test.notObject } };
  } catch {
    // Whoever typed it is told; there is nothing else to know.
    return { ok: false, fault: { path, code: "invalid_json", message: text.test.notJson } };
  }
}
