/** Words of an address: lower-case letters and digits, joined by single hyphens. */
export const SLUG_PATTERN = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Words that the platform keeps for its own addresses; a workspace or app of that name could never be visited. */
export const RESERVED_SLUGS: ReadonlySet<string> = new Set([
  "api",
  "auth",
  "healthz",
  "metrics",
  "openapi.json",
  "assets",
  "embed",
  "v1",
  "mcp",
  "console",
  "www",
  "admin",
  "static",
  "docs",
]);

/** A name in the letters of an address: accents dropped, everything else a hyphen. May be empty. */
export function lettersOf(name: string): string {
  return name
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "");
}
