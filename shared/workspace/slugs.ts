import type { Random } from "#platform/clock";
import type { Fault } from "#platform/errors";
import { lettersOf, RESERVED_SLUGS, SLUG_PATTERN } from "#platform/slugs";

export const SLUG_LENGTH = { min: 3, max: 40 } as const;

const SUFFIX_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const SUFFIX_LENGTH = 6;

/** What is wrong with a slug, or `undefined` when a workspace may have it. */
export function slugFault(slug: string): Fault | undefined {
  const at = { path: "slug" };
  if (slug.length < SLUG_LENGTH.min || slug.length > SLUG_LENGTH.max)
    return { ...at, code: "invalid_length", message: `Use ${SLUG_LENGTH.min} to ${SLUG_LENGTH.max} characters.` };
  if (!SLUG_PATTERN.test(slug))
    return { ...at, code: "invalid_format", message: "Use lower-case letters and digits, in words joined by single hyphens." };
  if (RESERVED_SLUGS.has(slug)) return { ...at, code: "reserved", message: `"${slug}" is reserved.` };
  return undefined;
}

/** A slug made from a name, with a random suffix that makes it free and hard to guess from the name. */
export function slugFromName(name: string, random: Random): string {
  const words = lettersOf(name)
    .slice(0, SLUG_LENGTH.max - SUFFIX_LENGTH - 1)
    .replace(/-$/, "");
  const suffix = Array.from(random.bytes(SUFFIX_LENGTH), (byte) => SUFFIX_ALPHABET.charAt(byte % SUFFIX_ALPHABET.length)).join("");
  return `${words || "workspace"}-${suffix}`;
}
