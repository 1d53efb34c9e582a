import { data } from "react-router";
import { z } from "zod";

/** A sent form. A body that is none is refused: no page of ours sends it. */
export async function sentForm(request: Request): Promise<FormData> {
  try {
    return await request.formData();
  } catch {
    throw data({ code: "bad_request", requestId: "" }, { status: 400 });
  }
}

/** The fields of a sent form as plain text; files are not taken. */
export async function readForm(request: Request): Promise<Record<string, string>> {
  const entries = await sentForm(request);
  return Object.fromEntries([...entries].flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])));
}

/** A field of a form, trimmed; missing is empty. */
export const entry = z.string().trim().default("");
