import { type FileReference, fileIdOf, type InputDeclaration } from "#execution";
import type { Context } from "#platform/context";
import { type Fault, validationFailed } from "#platform/errors";
import { runFileName } from "../durable/files.ts";
import { inMegabytes } from "./limits.ts";
import { isAccepted } from "./media-types.ts";
import { uploadName } from "./upload.ts";

/** Who may name a file: the app it was uploaded to, by the session or key that uploaded it. */
export interface FileReader {
  readonly appId: string;
  /** `null` for the members who build the app: they may name any of its uploads. */
  readonly owners: readonly string[] | null;
  /** An earlier run, whose files may be named as well. */
  readonly runId?: string | undefined;
}

async function findUpload(ctx: Context, workspaceId: string, { appId, owners, runId }: FileReader, id: string): Promise<FoundFile | null> {
  const inherited = runId === undefined ? null : await ctx.env.FILES.head(runFileName(runId, id));
  if (inherited !== null) return { file: referenceOf(id, inherited), inherited: true };
  const stored = await ctx.env.FILES.head(uploadName(id));
  const { workspace_id, app_id, owner = "" } = stored?.customMetadata ?? {};
  if (stored === null || workspace_id !== workspaceId || app_id !== appId || owners?.includes(owner) === false) return null;
  return { file: referenceOf(id, stored), inherited: false };
}

interface FoundFile {
  readonly file: FileReference;
  /** Whether it is the earlier run's, and comes with it. */
  readonly inherited: boolean;
}

function referenceOf(id: string, stored: R2Object): FileReference {
  const { name = "file" } = stored.customMetadata ?? {};
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
  /** Those that the run is to take over. */
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
      const own = brought.find((one) => one.id === id);
      const { file = null, inherited = false } = (own ? { file: own } : await findUpload(ctx, workspaceId, reader, id)) ?? {};
      return { declaration, id, file, inherited, fault: faultOf(file, declaration) };
    }),
  );
  const faults = found.flatMap(({ fault }) => fault ?? []);
  if (faults.length > 0) throw validationFailed(faults);
  const references = found.flatMap(({ declaration, file }) => {
    if (file === null) return [];
    const { id, name, type, size } = file;
    return [[declaration.name, { id, name, type, size }] as const];
  });
  return {
    inputs: { ...inputs, ...Object.fromEntries(references) },
    files: [...new Set(found.filter(({ inherited }) => !inherited).map(({ id }) => id))],
  };
}
