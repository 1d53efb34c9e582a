import { MAX_FILE_BYTES } from "#execution";

export { MAX_FILE_BYTES };

const MEGABYTE = 1024 * 1024;

/** Files that one request may bring. */
export const MAX_FILES = 5;
/** Bytes of all the files of one request. */
export const MAX_UPLOAD_BYTES = 20 * MEGABYTE;

/** A limit in bytes as people read it. */
export function inMegabytes(bytes: number): string {
  return `${Math.round((bytes / MEGABYTE) * 10) / 10} MB`;
}
