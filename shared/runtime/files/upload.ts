import type { FileReference } from "#execution";
import type { Context } from "#platform/context";
import { AppError, type Fault } from "#platform/errors";
import { type GivenFile, inspectFile } from "./inspect.ts";
import { inMegabytes, MAX_FILE_BYTES, MAX_FILES, MAX_UPLOAD_BYTES } from "./limits.ts";

/** A file that may be stored. */
export interface CheckedFile extends FileReference {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Whose upload it is: of a visitor's session or of an API key, to one app. */
export interface FileOwner {
  readonly appId: string;
  readonly owner: string;
}

/** Where an upload waits for a run to take it. */
export function uploadName(fileId: string): string {
  return `uploads/${fileId}`;
}

function tooLarge(message: string, path: string): AppError {
  return new AppError("payload_too_large", message, { faults: [{ path, code: "too_large", message }] });
}

/** The last part of a name, without what could not be shown. */
function plainName(name: string): string {
  const last = name.split(/[\\/]/).at(-1) ?? "";
  return last.replace(/\p{C}/gu, "").trim().slice(0, 200) || "file";
}

/** Refuses more files than a request may bring. Throws `payload_too_large`, naming the limit. */
export function checkAmount(sizes: readonly number[]): void {
  if (sizes.length > MAX_FILES) throw tooLarge(`More than ${MAX_FILES} files.`, "file");
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > MAX_UPLOAD_BYTES) throw tooLarge(`The files are larger than ${inMegabytes(MAX_UPLOAD_BYTES)} together.`, "file");
}

/** A file with its id and true type. `path` is named by errors: `payload_too_large`, `unsupported_media_type`. */
export async function checkFile(ctx: Context, given: GivenFile, path = "file"): Promise<CheckedFile> {
  const { bytes } = given;
  const name = plainName(given.name);
  if (bytes.length > MAX_FILE_BYTES) throw tooLarge(`${name}: larger than ${inMegabytes(MAX_FILE_BYTES)}.`, path);
  const inspected = await inspectFile({ ...given, name });
  if (inspected.ok) return { id: ctx.newId("file"), name, type: inspected.type, size: bytes.length, bytes };
  const fault: Fault = { path, code: "unsupported_file", message: inspected.message };
  throw new AppError("unsupported_media_type", `${name}: ${inspected.message}`, { faults: [fault] });
}

/** Keeps a file for a run to come. Throws `upstream_unavailable` when it could not be stored. */
export async function storeFile(ctx: Context, workspaceId: string, owner: FileOwner, file: CheckedFile): Promise<FileReference> {
  const { bytes, ...reference } = file;
  const { id, name, type } = reference;
  try {
    await ctx.env.FILES.put(uploadName(id), bytes, {
      httpMetadata: { contentType: type },
      // Names may hold any character, and metadata travels in headers.
      customMetadata: { name: encodeURIComponent(name), workspace_id: workspaceId, app_id: owner.appId, owner: owner.owner },
    });
  } catch (cause) {
    throw new AppError("upstream_unavailable", "The file could not be stored. Try again.", { cause, retryAfter: 2 });
  }
  return reference;
}
