import { spawn } from "node:child_process";
import { buildConsole } from "./bundles/console.ts";
import { consoleFolder } from "./bundles/console-folder.ts";
import { buildPageClient } from "./bundles/page-client.ts";
import { inRepository, program } from "./repository.ts";
import { migratePlatform } from "./stack/migrations.ts";

/*
 * `npm run deploy`: migrations, Worker and console, in that order, so that new code never meets an old schema. Each step can be
 * repeated. `-- --dry-run` builds everything and uploads, applies and changes nothing.
 */

const dryRun = process.argv.includes("--dry-run");
const missing = ["DATABASE_URL", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"].filter((name) => !process.env[name]);
if (!dryRun && missing.length > 0) {
  console.error(`Set ${missing.join(", ")} first (docs/deploying.md).`);
  process.exit(2);
}

await Promise.all([buildConsole(console.log), buildPageClient()]);
const folder = inRepository("build/console");
await consoleFolder(folder);

if (dryRun) {
  console.log("Dry run: migrations are not applied, the console is built and not uploaded.");
  await wrangler(inRepository(), "deploy", "--dry-run", "--outdir", inRepository("build/worker"));
} else {
  console.log("Applying migrations …");
  await migratePlatform(process.env["DATABASE_URL"] ?? "");
  await wrangler(inRepository(), "deploy");
  await wrangler(folder, "pages", "deploy", "--commit-dirty=true");
}

/** Runs wrangler in a folder, in the foreground. Ends the deployment where it fails. */
function wrangler(cwd: string, ...args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program("wrangler"), args, { cwd, stdio: "inherit" });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else process.exit(code ?? 1);
    });
  });
}
