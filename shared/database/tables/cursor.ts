import { z } from "zod";
import { validationFailed } from "#platform/errors";

/** Longest value that a cursor carries, in characters; cursors stand in addresses. */
const MAX_VALUE_LENGTH = 1000;

const directionSchema = z.enum(["asc", "desc"]);

/** Where a page ended: the last row's id, and its value in the column of the order. */
export interface PageEnd {
  readonly orderBy: string;
  readonly direction: "asc" | "desc";
  readonly id: string;
  /** In the form that `encodeValue` gives, or the server's own where it gives none. `undefined` where it was too long to carry. */
  readonly value: string | null | undefined;
}

const endSchema = z.union([
  z.tuple([z.string(), directionSchema, z.string(), z.string().nullable()]),
  z.tuple([z.string(), directionSchema, z.string()]),
]);

function toBase64Url(text: string): string {
  const binary = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64Url(text: string): string {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(
    Uint8Array.from(binary, (character) => character.charCodeAt(0)),
  );
}

export function writeCursor({ orderBy, direction, id, value }: PageEnd): string {
  const isCarried = value !== undefined && (value === null || value.length <= MAX_VALUE_LENGTH);
  return toBase64Url(JSON.stringify(isCarried ? [orderBy, direction, id, value] : [orderBy, direction, id]));
}

export function invalidCursor(message: string) {
  return validationFailed([{ path: "cursor", code: "invalid_cursor", message }]);
}

/** Reads a cursor back. Throws validation_failed for one that was not made for this order. */
export function readCursor(cursor: string, order: Pick<PageEnd, "orderBy" | "direction">): PageEnd {
  const end = parse(cursor);
  if (!end) throw invalidCursor("Use a next_cursor from an earlier answer.");
  const [orderBy, direction, id, value] = end;
  if (orderBy !== order.orderBy || direction !== order.direction) throw invalidCursor("This cursor belongs to another order of the rows.");
  return { orderBy, direction, id, value };
}

function parse(cursor: string): z.infer<typeof endSchema> | undefined {
  try {
    return endSchema.parse(JSON.parse(fromBase64Url(cursor)));
  } catch {
    return undefined;
  }
}
