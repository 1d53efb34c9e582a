import { z } from "zod";
import { lettersOf, RESERVED_SLUGS, SLUG_PATTERN } from "#platform/slugs";

const MAX_LENGTH = 60;

const DELETED = "deleted-app-";

/** The last word of an app's address. */
export const slugSchema = z
  .string()
  .min(1)
  .max(MAX_LENGTH)
  .regex(SLUG_PATTERN, "Use lower-case letters and digits, with single hyphens between them.")
  .refine((slug) => !RESERVED_SLUGS.has(slug) && !slug.startsWith(DELETED), "This word is reserved for the platform.");

/** A name in the letters of an address; `app` where none of them can be. */
export function slugOf(name: string): string {
  return cut(lettersOf(name), MAX_LENGTH) || "app";
}

/** The slug itself if it is free, else the first of `-2`, `-3`, … that is. */
export function freeSlug(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted) && slugSchema.safeParse(wanted).success) return wanted;
  for (let number = 2; ; number += 1) {
    const candidate = `${cut(wanted, MAX_LENGTH - 1 - String(number).length)}-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}

function cut(slug: string, length: number): string {
  return slug.slice(0, length).replace(/-$/, "");
}

/** What stands behind the slug of a deleted app, so that its slug is free and nobody else's can be the same. */
export function deletedSlug(appId: string): string {
  return `${DELETED}${appId.slice("app_".length)}`;
}
