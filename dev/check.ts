import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromiumPath } from "../tests/browser/browser.ts";
import { isMysqlAvailable } from "./mysql/server.ts";

/*
 * `npm test`: every check, and one total. Static checks count as one each; tests count themselves.
 * `npm test -- types unit` runs only the named ones.
 */

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

interface Check {
  readonly name: string;
  readonly run: (run: Run) => Promise<Tally>;
}

/** Runs a program to its end, and gives its exit code. */
type Run = (program: string, ...args: string[]) => Promise<number>;

const reports = mkdtempSync(join(tmpdir(), "agentflow-check-"));

/** Those of one line run side by side: flows and faults wait for clocks more than they compute, each on a stack of its own. */
const checks: readonly (readonly Check[])[] = [
  [
    { name: "types", run: types },
    { name: "lint", run: (run) => step(run, "biome", "ci", "--error-on-warnings", ".") },
    { name: "unused", run: unused },
  ],
  [{ name: "unit", run: (run) => tests(run, "unit") }],
  [{ name: "workers", run: (run) => tests(run, "workers") }],
  [
    { name: "flows", run: (run) => tests(run, "flows") },
    { name: "faults", run: (run) => tests(run, "faults") },
  ],
];

/** Route types that the console's sources import; made anew, since they are not kept in git. */
let generated: Promise<number> | undefined;
function generateRouteTypes(): Promise<number> {
  generated ??= aloud("react-router", "typegen", "console");
  return generated;
}

async function types(run: Run): Promise<Tally> {
  const codes = [await generateRouteTypes()];
  for (const project of [".", "dev", "console", "shared/runtime/page/client"]) codes.push(await run("tsc", "--project", project));
  const failed = codes.filter((code) => code !== 0).length;
  return { passed: codes.length - failed, failed, skipped: 0 };
}

async function unused(run: Run): Promise<Tally> {
  await generateRouteTypes();
  return step(run, "knip");
}

/** A check that either passes or fails. */
async function step(run: Run, program: string, ...args: string[]): Promise<Tally> {
  const code = await run(program, ...args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** One project of vitest.config.ts. A run that dies without a report is one failure. */
async function tests(run: Run, project: string): Promise<Tally> {
  const file = join(reports, `${project}.json`);
  const code = await run("vitest", "run", "--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${file}`);
  const report = readReport(file);
  const passed = report.numPassedTests ?? 0;
  const failed = report.numFailedTests ?? 0;
  const skipped = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
  // A file that does not even load fails no test of its own.
  return { passed, failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}

interface Report {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
}

function readReport(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    console.error(`no report of ${file}:`, error);
    return {};
  }
}

/** What it says is seen at once. */
function aloud(program: string, ...args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit" });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

/** What it says is kept. */
function into(kept: Buffer[]): Run {
  return (program, ...args) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => kept.push(chunk));
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? 1));
    });
}

const wanted = process.argv.slice(2);
const names = checks.flat().map(({ name }) => name);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`Unknown check: ${unknown.join(", ")}. There are: ${names.join(", ")}.`);
  process.exit(2);
}

const total: Tally = { passed: 0, failed: 0, skipped: 0 };
const lines: string[] = [];
for (const together of checks) {
  const asked = together.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  // The first is heard as it goes, the others one after the other when it is over.
  const [first, ...others] = asked.map((check, index) => (index === 0 ? perform(check, aloud) : performQuietly(check)));
  await first;
  for (const other of others) console.log(await other);
}

async function perform({ name, run }: Check, how: Run): Promise<void> {
  if (how === aloud) console.log(`\n── ${name}`);
  const started = Date.now();
  const tally = await run(how);
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped += tally.skipped;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  lines.push(`${name.padEnd(8)} ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped in ${seconds} s`);
}

/** Gives what the check said. */
async function performQuietly(check: Check): Promise<string> {
  const kept: Buffer[] = [];
  await perform(check, into(kept));
  return `\n── ${check.name}\n${Buffer.concat(kept).toString()}`;
}
// What needs a program that is not here is skipped, and some of it is not even counted.
const missing = [
  ...(isMysqlAvailable() ? [] : ["No MySQL server here: what runs on MySQL was skipped (install mariadb-server, or set MYSQL_URL)."]),
  ...(chromiumPath === undefined ? ["No Chromium here: what needs a browser was skipped."] : []),
];
rmSync(reports, { recursive: true, force: true });
console.log(`\n${[...lines, ...missing].join("\n")}\n\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
