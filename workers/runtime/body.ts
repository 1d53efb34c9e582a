import { z } from "zod";
import { AppError, validationFailed } from "#platform/errors";
import { faultsOf } from "#platform/faults";
import { checkAmount, type GivenFile, MAX_UPLOAD_BYTES } from "#runtime";
import { mediaTypeOf, readMultipart, readText } from "../read-body.ts";

/** The most a run's request may carry besides files, in bytes. */
const LIMIT = 256 * 1024;

/** A run as it was asked for. A form's values are texts, to be read as the types that the app declares. */
export type RunBody = { readonly captchaToken: string | null } & (
  | { readonly kind: "json"; readonly inputs: unknown; readonly callbackUrl: string | null }
  /** `files` by the name of their field. */
  | { readonly kind: "form"; readonly inputs: Readonly<Record<string, string>>; readonly files: ReadonlyMap<string, GivenFile> }
);

/** The most letters of a captcha's token, with some to spare: Turnstile's have up to 2,048. */
const TOKEN_LIMIT = 4096;
/** The field that a captcha's widget adds to a form; no input can have this name. */
const TOKEN_FIELD = "cf-turnstile-response";

const jsonBodySchema = z.strictObject({
  inputs: z.unknown(),
  captcha_token: z.string().max(TOKEN_LIMIT).optional(),
  callback_url: z.string().max(2048).optional(),
});

function parseJson(text: string): RunBody {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError("bad_request", "The body is not JSON.", { cause });
  }
  const parsed = jsonBodySchema.safeParse(json);
  if (!parsed.success) throw validationFailed(faultsOf(parsed.error));
  const { inputs, callback_url, captcha_token } = parsed.data;
  return { kind: "json", inputs, callbackUrl: callback_url ?? null, captchaToken: captcha_token || null };
}

/** A form's entry as a file. Every form that has a file field sends it, though empty when nothing was chosen. */
export async function givenFile(entry: File): Promise<GivenFile | null> {
  if (entry.size === 0 && entry.name === "") return null;
  return { name: entry.name, declared: entry.type, bytes: new Uint8Array(await entry.arrayBuffer()) };
}

async function formOf(entries: Iterable<[string, File | string]>): Promise<RunBody> {
  const texts = new Map<string, string>();
  const files = new Map<string, GivenFile>();
  for (const [name, value] of entries) {
    const file = typeof value === "string" ? null : await givenFile(value);
    if (typeof value === "string") texts.set(name, value);
    else if (files.has(name)) throw validationFailed([{ path: `inputs.${name}`, code: "too_many_files", message: "Give one file." }]);
    else if (file !== null) files.set(name, file);
  }
  checkAmount([...files.values()].map(({ bytes }) => bytes.length));
  const captchaToken = texts.get(TOKEN_FIELD)?.slice(0, TOKEN_LIMIT) || null;
  texts.delete(TOKEN_FIELD);
  return { kind: "form", inputs: Object.fromEntries(texts), files, captchaToken };
}

/**
 * The body of `POST …/runs`: JSON, or a form as browsers send it, which may bring files where the app takes some. Throws
 * `unsupported_media_type`, `payload_too_large`, `bad_request` for what cannot be read and `validation_failed` for what
 * does not belong.
 */
export async function readRunBody(request: Request, takesFiles: () => Promise<boolean>): Promise<RunBody> {
  switch (mediaTypeOf(request)) {
    case "application/json":
      return parseJson(await readText(request, LIMIT));
    case "application/x-www-form-urlencoded":
      return formOf(new URLSearchParams(await readText(request, LIMIT)));
    case "multipart/form-data": {
      const limit = (await takesFiles()) ? LIMIT + MAX_UPLOAD_BYTES : LIMIT;
      return formOf((await readMultipart(request, limit)).entries());
    }
    default:
      throw new AppError("unsupported_media_type", "Send application/json, or a form.");
  }
}

async function fingerprint(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))));
}

/** What was asked, as a value that is the same for the same request. */
export async function askedOf(body: RunBody): Promise<unknown> {
  if (body.kind === "json") return { inputs: body.inputs ?? {}, callback_url: body.callbackUrl };
  const files = [...body.files].map(async ([name, { bytes }]) => [name, await fingerprint(bytes)] as const);
  return { inputs: body.inputs, files: Object.fromEntries(await Promise.all(files)) };
}
