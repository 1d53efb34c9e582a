import { AppError } from "#platform/errors";
import type { ArchiveSeal } from "./archive-reader.ts";
import { asBytes, through } from "./byte-streams.ts";
import { createDigest } from "./tally.ts";

/**
 * Bytes of a part. R2 takes parts of at least 5 MiB and all of one size but the last, at most 10,000 of them ("Multipart
 * upload"); what is left of an upload that was cut off it deletes after a week.
 */
const PART_BYTES = 8 * 1024 * 1024;

/** Where a backup's archive stands in the bucket. */
export function archiveKey(workspaceId: string, backupId: string): string {
  return `backups/${workspaceId}/${backupId}`;
}

/** Chunks as parts of one size, the last as it comes; there is always one. */
async function* inParts(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let part = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; ) {
      const piece = chunk.subarray(at, at + size - filled);
      part.set(piece, filled);
      filled += piece.byteLength;
      at += piece.byteLength;
      if (filled < size) continue;
      yield part;
      part = new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

/** Stores an archive's lines, compressed, while they come. Doing it again under the same key replaces what was there. */
export async function storeArchive(bucket: R2Bucket, key: string, lines: AsyncIterable<string>): Promise<ArchiveSeal> {
  const upload = await bucket.createMultipartUpload(key, { httpMetadata: { contentType: "application/gzip" } });
  try {
    const digest = createDigest();
    const parts: R2UploadedPart[] = [];
    let bytes = 0;
    const compressed = through(asBytes(lines), new CompressionStream("gzip"), (error) => error);
    for await (const part of inParts(compressed, PART_BYTES)) {
      digest.add(part);
      bytes += part.byteLength;
      parts.push(await upload.uploadPart(parts.length + 1, part));
    }
    await upload.complete(parts);
    return { bytes, sha256: digest.end() };
  } catch (error) {
    await upload.abort().catch(() => undefined);
    throw error;
  }
}

/** A stored archive's bytes. Throws invalid_state when there is none. */
export async function openArchive(bucket: R2Bucket, key: string): Promise<R2ObjectBody> {
  const stored = await bucket.get(key);
  if (!stored) throw new AppError("invalid_state", "The backup's archive does not exist any more.");
  return stored;
}
