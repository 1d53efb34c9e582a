import { convertV4MiniflareOptions, Miniflare } from "miniflare";

/** A bucket as the local stack has it. */
export interface Bucket {
  readonly bucket: R2Bucket;
  close(): Promise<void>;
}

/** Starts a bucket that keeps everything in memory. */
export async function startBucket(): Promise<Bucket> {
  const script = "export default { fetch: () => new Response(null, { status: 404 }) }";
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({ modules: true, script, r2Buckets: ["FILES"], compatibilityDate: "2026-10-01" }),
  );
  const { FILES: bucket } = await miniflare.getBindings<{ FILES: R2Bucket }>();
  return { bucket, close: () => miniflare.dispose() };
}
