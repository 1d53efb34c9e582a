import { z } from "zod";
import { AppError } from "#platform/errors";

/** A page of a list: up to `limit` rows after `cursor`, the last id of the page before. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Page<T> {
  readonly data: T[];
  readonly next_cursor: string | null;
}

export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(200).optional(),
});

/** Reads a cursor back into the id it was made from. */
export function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  if (!/^[a-z]{3}_[0-9a-z]{26}$/.test(cursor))
    throw new AppError("validation_failed", "cursor: is not one that this API gave.", {
      faults: [{ path: "cursor", code: "invalid_cursor", message: "Use a next_cursor from an earlier answer." }],
    });
  return cursor;
}

/** Cuts a result of `limit + 1` rows into a page. */
export function toPage<Row extends { readonly id: string }, T>(rows: readonly Row[], limit: number, present: (row: Row) => T): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { data: shown.map(present), next_cursor: rows.length > limit && last ? last.id : null };
}
