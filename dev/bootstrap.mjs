/**
 * The way in for every command, and the one file that the Node already on the machine runs (20 or later, nothing
 * installed): brings node_modules up to package-lock.json, then hands over to the project's own Node.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What can be asked for, and the script that does it. */
const TASKS = { stack: "dev/stack.ts", check: "dev/check.ts", deploy: "dev/deploy.ts", bench: "bench/run.ts" };
const PARENT_POLL_MS = 1000;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, "node_modules", ".bin");

const [task = "", ...args] = process.argv.slice(2);
if (!isTask(task)) {
  console.error(`usage: node dev/bootstrap.mjs <${Object.keys(TASKS).join(" | ")}> [arguments]`);
  process.exit(2);
}
if (Number(process.versions.node.split(".")[0]) < 20) {
  console.error(`Node 20 or later is needed; this is ${process.version}.`);
  process.exit(1);
}
install();
run();

/**
 * @param {string} name
 * @returns {name is keyof typeof TASKS}
 */
function isTask(name) {
  return Object.hasOwn(TASKS, name);
}

/** Installs when node_modules is absent or is not what package-lock.json says. */
function install() {
  if (isInstalled()) return;
  console.log("Installing dependencies (npm ci); this takes a minute the first time …");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
    env: installEnvironment(),
  });
  if (npm.error !== undefined || npm.status !== 0) {
    console.error(`Installing failed${npm.error === undefined ? "" : `: ${npm.error.message}`}. See the lines above, then try again.`);
    process.exit(1);
  }
}

/** npm notes what it has installed in a lock file of its own, at the very end; an optional package of another platform is absent there. */
function isInstalled() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!(existsSync(installed) && existsSync(join(bin, "node")))) return false;
  const present = packagesOf(installed);
  return Object.entries(packagesOf(join(root, "package-lock.json"))).every(
    ([path, { version, optional }]) =>
      path === "" || present[path]?.version === version || (optional === true && present[path] === undefined),
  );
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

/** The compilers and test tools are development dependencies: an inherited NODE_ENV=production must not leave them out. */
function installEnvironment() {
  const { NODE_ENV: _, ...rest } = process.env;
  return { ...rest, npm_config_omit: "", npm_config_include: "dev", npm_config_ignore_scripts: "false" };
}

function run() {
  const script = join(root, isTask(task) ? TASKS[task] : "");
  const child = spawn(join(bin, "node"), [script, ...args], {
    cwd: root,
    // The channel tells the child when we die without a word.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`, NODE_NO_WARNINGS: "1" },
  });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
  watchNpm(() => child.kill("SIGTERM"));
  child.on("error", (error) => {
    console.error(`Could not start ${script}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
}

/**
 * Calls back when npm is gone and cannot forward signals any more. Only what npm started: others may leave us on purpose.
 * @param {() => void} onGone
 */
function watchNpm(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const before = ancestors();
  setInterval(() => {
    if (ancestors() !== before) onGone();
  }, PARENT_POLL_MS).unref();
}

/** Our parent and, where the system tells, its parent: npm starts us by a shell, which outlives it. */
function ancestors() {
  try {
    const status = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
    return `${process.ppid} ${status.slice(status.lastIndexOf(")")).split(" ")[2]}`;
  } catch {
    return String(process.ppid);
  }
}
