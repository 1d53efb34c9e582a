import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions as workerOptionsOf } from "wrangler";
import { inRepository, program } from "../dev/repository.ts";

/** A Worker's production bundle, served without wrangler in front of it. */
export interface ServedWorker {
  readonly url: URL;
  close(): Promise<void>;
}

/** Bundles the Worker of a wrangler config as a deployment would, or with another entry, and serves it with these variables. */
export async function serve(
  config: string,
  vars: Readonly<Record<string, string>>,
  directory: string,
  entry?: string,
): Promise<ServedWorker> {
  const script = entry === undefined ? [] : [inRepository(entry)];
  const flags = ["--dry-run", "--config", inRepository(config), "--outdir", directory];
  execFileSync(program("wrangler"), ["deploy", ...script, ...flags], { stdio: "pipe" });
  const { workerOptions } = workerOptionsOf(inRepository(config));
  // Where Cloudflare looks for a static file before it calls a Worker, Miniflare has Workers of its own: they cost more than ours.
  const { modulesRules: _, assets: _assets, bindings, ...options } = workerOptions;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...options,
      name: "measured",
      host: "127.0.0.1",
      port: 0,
      modulesRoot: directory,
      modules: modulesIn(directory),
      bindings: { ...(bindings ?? {}), ...vars },
    }),
  );
  return { url: await miniflare.ready, close: () => miniflare.dispose() };
}

/** The entry first. */
function modulesIn(directory: string): { type: "ESModule" | "CompiledWasm"; path: string }[] {
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" });
  const scripts = files.filter((file) => file.endsWith(".js")).sort((left, right) => order(left) - order(right));
  return [
    ...scripts.map((file) => ({ type: "ESModule" as const, path: join(directory, file) })),
    ...files.filter((file) => file.endsWith(".wasm")).map((file) => ({ type: "CompiledWasm" as const, path: join(directory, file) })),
  ];
}

function order(file: string): number {
  return file === "index.js" || file === "worker.js" ? 0 : 1;
}
