import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** A path inside the repository. */
export function inRepository(...parts: readonly string[]): string {
  return join(ROOT, ...parts);
}

/** Where the package manager puts a program. */
export function program(name: string): string {
  return inRepository("node_modules", ".bin", name);
}
