import type { FileReference, RunFiles } from "#execution";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";

/** The folder of all that belongs to a run: it goes when the run's object does. */
function runFolder(runId: string): string {
  return `runs/${runId}/`;
}

/** Takes uploaded files over into the run's folder, where they live as long as the run. Repeating it is harmless. */
export async function takeFiles(ctx: Context, workspaceId: string, runId: string, files: readonly string[]): Promise<void> {
  await Promise.all(
    files.map(async (id) => {
      const upload = await ctx.env.FILES.get(`uploads/${id}`);
      if (upload === null || upload.customMetadata?.["workspace_id"] !== workspaceId) throw notFound("The file");
      const { httpMetadata = {}, customMetadata = {} } = upload;
      await ctx.env.FILES.put(`${runFolder(runId)}${id}`, await upload.arrayBuffer(), { httpMetadata, customMetadata });
    }),
  );
}

/** Gives a run the files of an earlier one, as far as they are still kept. Repeating it is harmless. */
export async function inheritFiles(ctx: Context, fromRunId: string, runId: string): Promise<void> {
  const folder = runFolder(fromRunId);
  for (let cursor: string | undefined; ; ) {
    const page = await ctx.env.FILES.list({ prefix: `${folder}fil_`, ...(cursor !== undefined && { cursor }) });
    await Promise.all(page.objects.map(({ key }) => copyFile(ctx, key, `${runFolder(runId)}${key.slice(folder.length)}`)));
    if (!page.truncated) return;
    cursor = page.cursor;
  }
}

async function copyFile(ctx: Context, from: string, to: string): Promise<void> {
  const stored = await ctx.env.FILES.get(from);
  if (stored === null) return;
  const { httpMetadata = {}, customMetadata = {} } = stored;
  await ctx.env.FILES.put(to, await stored.arrayBuffer(), { httpMetadata, customMetadata });
}

/** Where a run keeps a file. */
export function runFileName(runId: string, fileId: string): string {
  return `${runFolder(runId)}${fileId}`;
}

/** The files of a run, for its nodes. */
export function filesOf(ctx: Context, runId: string): RunFiles {
  const folder = runFolder(runId);
  return {
    async openFile(id) {
      const stored = /^[\w-]+$/.test(id) ? await ctx.env.FILES.get(`${folder}${id}`) : null;
      if (stored === null) throw notFound("The file");
      const name = decodeURIComponent(stored.customMetadata?.["name"] ?? "file");
      const type = stored.httpMetadata?.contentType ?? "application/octet-stream";
      return { reference: { id, name, type, size: stored.size }, bytes: new Uint8Array(await stored.arrayBuffer()) };
    },
    async keepFile({ name, type, bytes }): Promise<FileReference> {
      const id = ctx.newId("file");
      const customMetadata = { name: encodeURIComponent(name) };
      await ctx.env.FILES.put(`${folder}${id}`, bytes, { httpMetadata: { contentType: type }, customMetadata });
      return { id, name, type, size: bytes.byteLength };
    },
  };
}

/** Deletes everything in a run's folder. */
export async function deleteRunFolder(ctx: Context, runId: string): Promise<void> {
  for (;;) {
    const { objects, truncated } = await ctx.env.FILES.list({ prefix: runFolder(runId) });
    if (objects.length > 0) await ctx.env.FILES.delete(objects.map(({ key }) => key));
    if (!truncated) return;
  }
}
