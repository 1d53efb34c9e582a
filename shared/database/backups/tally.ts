import { createHash } from "node:crypto";
import type { ArchivedRow, TableTally } from "./archive-schema.ts";

const ENCODER = new TextEncoder();

/** A SHA-256 that grows. */
export interface Digest {
  add(part: string | Uint8Array): void;
  /** In hexadecimal. */
  end(): string;
}

export function createDigest(): Digest {
  const hash = createHash("sha256");
  return {
    add: (part) => void hash.update(typeof part === "string" ? ENCODER.encode(part) : part),
    end: () => hash.digest("hex"),
  };
}

/** Counts a table's rows and digests them, page by page, in the order of their ids. */
export interface Tally {
  add(rows: readonly ArchivedRow[]): void;
  end(): TableTally;
}

export function createTally(table: string): Tally {
  const digest = createDigest();
  let count = 0;
  return {
    add(rows) {
      count += rows.length;
      // One line a row, so that how the rows came in pages makes no difference.
      digest.add(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    },
    end: () => ({ table, rows: count, sha256: digest.end() }),
  };
}
