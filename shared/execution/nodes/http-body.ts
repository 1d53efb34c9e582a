import { AppError } from "#platform/errors";
import { asText } from "../expressions/resolve.ts";
import { type FileReference, fileReferenceSchema } from "./file-reference.ts";
import type { NodeServices } from "./node.ts";

/** How a body is sent; `auto`: a text as text, everything else as JSON. */
export const BODY_TYPES = ["auto", "json", "text", "form", "multipart", "binary"] as const;
export type BodyType = (typeof BODY_TYPES)[number];

export interface HttpBody {
  readonly body?: string | Uint8Array<ArrayBuffer> | FormData;
  /** For a multipart body the connection itself says it, with its boundary. */
  readonly contentType?: string;
}

type Files = Pick<NodeServices, "openFile">;

/** Bytes of files that one request may carry. */
const MAX_FILE_BYTES = 26_214_400;

/** Makes the body of a request. Refuses (`node_failed`) what cannot be sent in this way; a file that is gone is `not_found`. */
export async function bodyOf(type: BodyType, body: unknown, files: Files): Promise<HttpBody> {
  if (body === undefined || (body === null && type !== "json")) return {};
  switch (type) {
    case "auto":
      return typeof body === "string" ? textBody(body) : jsonBody(body);
    case "json":
      return jsonBody(body);
    case "text":
      return textBody(asText(body));
    case "form":
      return { body: new URLSearchParams(fieldsOf(body).map(([name, value]) => [name, asText(value)])).toString(), contentType: FORM };
    case "multipart":
      return { body: await multipart(fieldsOf(body), files) };
    case "binary":
      return await binaryBody(body, files);
  }
}

const FORM = "application/x-www-form-urlencoded";

function jsonBody(body: unknown): HttpBody {
  return { body: JSON.stringify(body), contentType: "application/json" };
}

function textBody(body: string): HttpBody {
  return { body, contentType: "text/plain; charset=utf-8" };
}

function unsendable(message: string): AppError {
  return new AppError("node_failed", `config.body: ${message}`);
}

/** The fields of a form. A list is a field given several times; what is null is left out. */
function fieldsOf(body: unknown): [string, unknown][] {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw unsendable("a form is a record of its fields.");
  return Object.entries(body).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((one: unknown): [string, unknown][] =>
      one === null || one === undefined ? [] : [[name, one]],
    ),
  );
}

async function multipart(fields: readonly (readonly [string, unknown])[], files: Files): Promise<FormData> {
  const references = fields.map(([, value]) => fileReferenceSchema.safeParse(value).data);
  requireSize(references.flatMap((reference) => reference ?? []));
  const parts = await Promise.all(references.map((reference) => reference && files.openFile(reference.id)));
  const form = new FormData();
  for (const [index, [name, value]] of fields.entries()) {
    const file = parts[index];
    if (file) form.append(name, new File([file.bytes], file.reference.name, { type: file.reference.type }));
    else form.append(name, asText(value));
  }
  return form;
}

async function binaryBody(body: unknown, files: Files): Promise<HttpBody> {
  if (typeof body === "string") return { body: fromBase64(body), contentType: "application/octet-stream" };
  const reference = fileReferenceSchema.safeParse(body).data;
  if (!reference) throw unsendable("a binary body is a file or base64.");
  requireSize([reference]);
  const file = await files.openFile(reference.id);
  return { body: file.bytes, contentType: file.reference.type };
}

function requireSize(references: readonly FileReference[]): void {
  const bytes = references.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MAX_FILE_BYTES) {
    throw new AppError("payload_too_large", `The files of one request have at most ${MAX_FILE_BYTES} bytes together.`);
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  } catch (error) {
    throw new AppError("node_failed", "config.body: this is not base64.", { cause: error });
  }
}
