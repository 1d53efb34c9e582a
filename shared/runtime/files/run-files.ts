import type { FileReference, RunFiles } from "#execution";
import type { Context } from "#platform/context";
import { notFound } from "#platform/errors";
import { uploadName } from "./upload.ts";

/** Where a run keeps a file, for as long as the run itself is kept. */
function runFileName(runId: string, fileId: string): string {
  return `runs/${runId}/${fileId}`;
}

async function takeFile(ctx: Context, workspaceId: string, runId: string, id: string): Promise<void> {
  const upload = await ctx.env.FILES.get(uploadName(id));
  if (upload?.customMetadata?.["workspace_id"] !== workspaceId) {
    await upload?.body.cancel();
    throw notFound("The file");
  }
  const { httpMetadata, customMetadata } = upload;
  await ctx.env.FILES.put(runFileName(runId, id), upload.body, { httpMetadata, customMetadata });
}

/** Gives a run its own copies of uploads, so that it outlives them. Doing it again changes nothing. Throws `not_found`. */
export async function takeFiles(ctx: Context, workspaceId: string, runId: string, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => takeFile(ctx, workspaceId, runId, id)));
}

/** The files of a run as its nodes reach them. */
export function runFiles(ctx: Context, workspaceId: string, runId: string): RunFiles {
  const files = ctx.env.FILES;
  return {
    async openFile(id) {
      const stored = await files.get(runFileName(runId, id));
      if (stored === null) throw notFound("The file");
      const bytes = new Uint8Array(await stored.arrayBuffer());
      const { name = "file" } = stored.customMetadata ?? {};
      const type = stored.httpMetadata?.contentType ?? "application/octet-stream";
      return { reference: { id, name: decodeURIComponent(name), type, size: bytes.length }, bytes };
    },
    async keepFile({ name, type, bytes }) {
      const id = ctx.newId("file");
      const customMetadata = { name: encodeURIComponent(name.toWellFormed()), workspace_id: workspaceId };
      await files.put(runFileName(runId, id), bytes, { httpMetadata: { contentType: type }, customMetadata });
      return { id, name, type, size: bytes.length } satisfies FileReference;
    },
  };
}

/** Deletes whatever files a run has. */
export async function deleteRunFiles(ctx: Context, runId: string): Promise<void> {
  for (;;) {
    const { objects, truncated } = await ctx.env.FILES.list({ prefix: runFileName(runId, "") });
    if (objects.length > 0) await ctx.env.FILES.delete(objects.map(({ key }) => key));
    if (!truncated) return;
  }
}
