import { readFileSync } from "node:fs";

/** The types of nodes there are: as the guide lists them, which a test of its own holds against the product. */
export function nodeTypes(): string[] {
  const guide = readFileSync(new URL("../../docs/manifest.md", import.meta.url), "utf8");
  return Array.from(guide.matchAll(/^\| `(\w+)` /gm), ([, type = ""]) => type);
}
