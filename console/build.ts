import { execFile } from "node:child_process";
import { cp, glob, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";

const HERE = import.meta.dirname;
const ROOT = join(HERE, "..");
const OUT = join(HERE, "build/pages");

/** Files of the client build carry their hash in their name and never change; they are served without waking the Worker. */
const ROUTES = { version: 1, include: ["/*"], exclude: ["/assets/*", "/favicon.svg", "/robots.txt"] };
const HEADERS = `/*
  X-Content-Type-Options: nosniff
/assets/*
  Cache-Control: public, max-age=31536000, immutable
`;

/** What the build is made from; a newer installation counts as well. */
const SOURCES = ["app/**/*", "public/**/*", "*.ts", "../package-lock.json"];

async function modifiedAt(path: string): Promise<number> {
  return (await stat(path)).mtimeMs;
}

/** Whether the build is there and newer than everything it is made from. */
export async function isBuilt(): Promise<boolean> {
  const [built] = await Promise.allSettled([modifiedAt(join(OUT, "_worker.js"))]);
  if (built.status === "rejected") return false;
  for await (const source of glob(SOURCES, { cwd: HERE })) {
    if ((await modifiedAt(join(HERE, source))) > built.value) return false;
  }
  return true;
}

/** Builds the pages: the client's files, and the server's code on top of the Pages entry. */
async function buildPages(): Promise<void> {
  const cli = join(ROOT, "node_modules/.bin/react-router");
  const { stderr } = await promisify(execFile)(cli, ["build", HERE], { cwd: ROOT, env: { ...process.env, NODE_ENV: "production" } });
  if (stderr.includes("rror")) process.stderr.write(stderr);
}

/** Builds the console into `console/build/pages`, as `wrangler pages` takes it. */
export async function buildConsole(): Promise<void> {
  await buildPages();
  await rm(OUT, { recursive: true, force: true });
  await mkdir(OUT, { recursive: true });
  await Promise.all([
    cp(join(HERE, "build/client"), OUT, { recursive: true, filter: (source) => !source.endsWith(".vite") }),
    writeFile(join(OUT, "_routes.json"), JSON.stringify(ROUTES)),
    writeFile(join(OUT, "_headers"), HEADERS),
    build({
      entryPoints: [join(HERE, "build/server/index.js")],
      outfile: join(OUT, "_worker.js"),
      bundle: true,
      format: "esm",
      target: "es2024",
      platform: "browser",
      conditions: ["workerd", "worker", "browser", "import", "production"],
      external: ["node:*"],
      define: { "process.env.NODE_ENV": '"production"' },
      minify: true,
      legalComments: "none",
      logLevel: "warning",
    }),
  ]);
}

if (import.meta.main) await buildConsole();
