import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inRepository } from "../repository.ts";

/**
 * Makes a folder for `wrangler pages` to run in. That works beside the nearest package.json, and there takes the nearest
 * configuration for its own: in the repository that is the Worker's.
 */
export async function consoleFolder(folder: string): Promise<string> {
  const config = await readFile(inRepository("console/wrangler.toml"), "utf8");
  const output = /^pages_build_output_dir = "(.+)"$/m.exec(config)?.[1];
  if (output === undefined) throw new Error("console/wrangler.toml names no pages_build_output_dir");
  await mkdir(folder, { recursive: true });
  await Promise.all([
    writeFile(join(folder, "package.json"), '{ "private": true }\n'),
    writeFile(join(folder, "wrangler.toml"), config.replace(`"${output}"`, JSON.stringify(inRepository("console", output)))),
  ]);
  return folder;
}
