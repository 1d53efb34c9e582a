import { type Fault, type Refusal, refusalOf, request } from "./requests.ts";

/** What the visitor has filled in. */
export interface Submission {
  readonly fields: URLSearchParams;
  /** Chosen files, by the name of their field. */
  readonly files: readonly (readonly [name: string, file: File])[];
}

export type Uploaded = { readonly ok: true; readonly fields: URLSearchParams } | { readonly ok: false; readonly refusal: Refusal };

/** Ids of files that were uploaded already: trying a run again does not send them again. */
const uploaded = new WeakMap<File, string>();

/** The form as it is now. A file field that was left empty is sent by every form; it is not here. */
export function submissionOf(form: HTMLFormElement): Submission {
  const fields = new URLSearchParams();
  const files: [string, File][] = [];
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") fields.append(name, value);
    else if (value.name !== "" || value.size > 0) files.push([name, value]);
  }
  return { fields, files };
}

/** The same faults, at the field instead of the upload's own. */
function atField(refusal: Refusal, name: string): Refusal {
  const errors = refusal.errors.map((fault): Fault => ({ ...fault, path: `inputs.${name}` }));
  return { ...refusal, errors };
}

/** Uploads a file and gives its id, or why it was refused. */
async function upload(address: string, name: string, file: File, captchaToken: string | null): Promise<string | Refusal> {
  const known = uploaded.get(file);
  if (known !== undefined) return known;
  const body = new FormData();
  body.append("file", file);
  const headers: Record<string, string> = { Accept: "application/json" };
  if (captchaToken !== null) headers["X-Captcha-Token"] = captchaToken;
  const response = await request(address, { method: "POST", headers, body });
  if (!response.ok) return atField(await refusalOf(response), name);
  const { data } = await response.json();
  uploaded.set(file, data[0].id);
  return data[0].id;
}

/** Uploads what files there are and gives the fields with their ids. */
export async function uploadFiles(address: string, { fields, files }: Submission, captchaToken: string | null): Promise<Uploaded> {
  const all = new URLSearchParams(fields);
  for (const [name, file] of files) {
    const id = await upload(address, name, file, captchaToken);
    if (typeof id !== "string") return { ok: false, refusal: id };
    all.append(name, id);
  }
  return { ok: true, fields: all };
}
