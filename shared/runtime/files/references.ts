import { type FileReference, fileIdOf, type InputDeclaration } from "#execution";
import type { Context } from "#platform/context";
import { type Fault, validationFailed } from "#platform/errors";
import { inMegabytes } from "./limits.ts";
import { isAccepted } from "./media-types.ts";
import { uploadName } from "./upload.ts";

/** Who may name a file: the app it was uploaded to, by the session or key that uploaded it. */
export interface FileReader {
  readonly appId: string;
  readonly owners: readonly string[];
}

async function findUpload(ctx: Context, workspaceId: string, { appId, owners }: FileReader, id: string): Promise<FileReference | null> {
  const stored = await ctx.env.FILES.head(uploadName(id));
  const { name = "file", workspace_id, app_id, owner = "" } = stored?.customMetadata ?? {};
  if (stored === null || workspace_id !== workspaceId || app_id !== appId || !owners.includes(owner)) return null;
  return { id, name: decodeURIComponent(name), type: stored.httpMetadata?.contentType ?? "application/octet-stream", size: stored.size };
}

function faultOf(file: FileReference | null, { name, accept, max_size }: InputDeclaration): Fault | null {
  const path = `inputs.${name}`;
  if (file === null) return { path, code: "unknown_file", message: "There is no such file, or it has expired. Upload it again." };
  if (!isAccepted(file.type, accept)) {
    return { path, code: "unsupported_file", message: `Give a file of the type ${accept?.join(", ")}; this one is ${file.type}.` };
  }
  if (max_size === undefined || file.size <= max_size) return null;
  return { path, code: "too_large", message: `Give a file of at most ${inMegabytes(max_size)}.` };
}

/** A run's inputs with its files by reference, and their ids. */
export interface FiledInputs {
  readonly inputs: Record<string, unknown>;
  readonly files: readonly string[];
}

/**
 * Puts references in place of the file ids that checked inputs hold. `brought` are files that came with the request and are not
 * stored yet. Throws `validation_failed` for files that are unknown, another's, or not what the input takes.
 */
export async function referToFiles(
  ctx: Context,
  workspaceId: string,
  reader: FileReader,
  declarations: readonly InputDeclaration[],
  inputs: Record<string, unknown>,
  brought: readonly FileReference[] = [],
): Promise<FiledInputs> {
  const wanted = declarations.flatMap((declaration) => {
    const id = declaration.type === "file" ? fileIdOf(inputs[declaration.name]) : null;
    return id === null ? [] : [{ declaration, id }];
  });
  const found = await Promise.all(
    wanted.map(async ({ declaration, id }) => {
      const file = brought.find((one) => one.id === id) ?? (await findUpload(ctx, workspaceId, reader, id));
      return { declaration, id, file, fault: faultOf(file, declaration) };
    }),
  );
  const faults = found.flatMap(({ fault }) => fault ?? []);
  if (faults.length > 0) throw validationFailed(faults);
  const references = found.flatMap(({ declaration, file }) => {
    if (file === null) return [];
    const { id, name, type, size } = file;
    return [[declaration.name, { id, name, type, size }] as const];
  });
  return { inputs: { ...inputs, ...Object.fromEntries(references) }, files: [...new Set(found.map(({ id }) => id))] };
}
