import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { build } from "esbuild";
import { inRepository } from "../repository.ts";

/**
 * Bundles what visitors' pages load into the Worker's static assets (`/assets/page.js` and its parts). A file that would not
 * change is left alone: whoever serves the folder watches it.
 */
export async function buildPageClient(): Promise<void> {
  const result = await build({
    entryPoints: [inRepository("shared/runtime/page/client/page.ts")],
    outdir: inRepository("build/assets/assets"),
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    chunkNames: "page-[hash]",
    legalComments: "none",
    write: false,
    logLevel: "silent",
  });
  await Promise.all(
    result.outputFiles.map(async ({ path, text }) => {
      if ((await readFile(path, "utf8").catch(() => null)) === text) return;
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }),
  );
}
