import { z } from "zod";

/** The fields of a sent form as plain text; files are not taken. */
export async function readForm(request: Request): Promise<Record<string, string>> {
  const entries = await request.formData();
  return Object.fromEntries([...entries].flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
}

/** A field of a form, trimmed; missing is empty. */
export const entry = z.string().trim().default("");
