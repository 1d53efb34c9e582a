import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import pg from "pg";
import { buildPageClient } from "../dev/bundles/page-client.ts";
import { inRepository } from "../dev/repository.ts";
import { startStack } from "../tests/stack.ts";
import { admissionRows } from "./admission.ts";
import { body, closed, greeting, guestbook, reader, scarce, unbounded } from "./apps.ts";
import { plantHostnames } from "./hostnames.ts";
import { failures, type Target, throughput } from "./load.ts";
import { openWorkspace } from "./publish.ts";
import { serve } from "./serve.ts";
import { type Row, table } from "./table.ts";

/*
 * `npm run bench`: what the product does against the least that a Worker can do for the same end, both as production bundles
 * in workerd, measured in turns on the same machine. The figures are this machine's; the ratios travel.
 */

/** Many short rounds: how fast a machine is changes from second to second, and both sides of a round shall see the same of it. */
const ROUNDS = 25;
const ROUND_MS = 400;

interface Comparison {
  readonly what: string;
  readonly product: Target;
  /** What it is measured against, by what that does: several are done one after the other, so their costs add up. */
  readonly baseline: Readonly<Record<string, Target>>;
  /** The least ratio that is good enough. */
  readonly target: number;
  /** Rounds of each, where more than usual are needed to tell a small difference. */
  readonly rounds?: number;
}

/** One of several things that a comparison adds up, and how often a second it was done in each round. */
interface Part {
  readonly name: string;
  readonly part: Target;
  readonly rates: number[];
}

const home = mkdtempSync(join(tmpdir(), "agentflow-bench-"));
console.log("Starting the local stack for its database, and publishing the apps …");
const stack = await startStack(home);
// Stopped half-way, it leaves nothing running.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stack.stop().finally(() => process.exit(1)));
const publish = await openWorkspace(stack, null);
const [greetingPath, guestbookPath, readerPath, scarcePath, closedPath] = [
  await publish(greeting),
  await publish(guestbook),
  await publish(reader),
  await publish(scarce),
  await publish(closed),
];
const meteredPath = await (await openWorkspace(stack, 2_500))(unbounded);
await buildPageClient();
const vars = Object.fromEntries(
  Object.entries(parseEnv(readFileSync(join(home, "dev.vars"), "utf8"))).map(([name, value]) => [name, value ?? ""]),
);
const admin = new pg.Client({ connectionString: vars["DATABASE_URL"] });
await admin.connect();
await admin.query("CREATE TABLE IF NOT EXISTS bench_rows (id bigserial PRIMARY KEY, word text NOT NULL)");

const hostname = await plantHostnames(admin, greetingPath);

const { DATABASE_URL = "", SQL_GATEWAY_ORIGIN = "" } = vars;
const [product, counted, baselines] = [
  await serve("wrangler.toml", vars, join(home, "product")),
  await serve("wrangler.toml", vars, join(home, "counted"), "bench/counted/index.ts"),
  await serve("bench/baselines/wrangler.toml", { DATABASE_URL, SQL_GATEWAY_ORIGIN }, join(home, "baselines")),
];

try {
  const [served, bare] = [product.url, baselines.url];
  // The product answers its own hosts alone, and this is another port. One visitor of each app asks: a session of their own for
  // each request would be as many counters.
  const host = { Host: new URL(stack.api).host };
  const sessions = new Map<string, string>();
  for (const path of [greetingPath, guestbookPath, readerPath]) sessions.set(path, await sessionOf(new URL(path, stack.api)));
  const ask = (path: string, headers: Record<string, string> = {}): Target => ({
    method: "GET",
    url: new URL(path, served),
    headers: { ...host, ...headers },
  });
  const run = (path: string, headers: Record<string, string> = {}): Target => ({
    ...ask(`${path}/runs`, { "X-App-Session-Id": sessions.get(path) ?? "", ...headers }),
    method: "POST",
    body,
  });
  const least = (path: string): Target => ({ method: "GET", url: new URL(path, bare) });
  const leastPost = (path: string): Target => ({ ...least(path), method: "POST", body });

  const comparisons: Comparison[] = [
    {
      what: "published page",
      product: ask(greetingPath, { Accept: "text/html" }),
      baseline: { "bare page": least("/text") },
      target: 0.6,
    },
    { what: "schema", product: ask(`${greetingPath}/schema`), baseline: { "bare JSON": least("/json") }, target: 0.6 },
    {
      what: "inline run, 3 nodes, limits, record",
      product: run(greetingPath),
      baseline: { "one durable append": leastPost("/append") },
      target: 0.6,
    },
    {
      what: "inline run with one insert",
      product: run(guestbookPath),
      baseline: { "a run without it": run(greetingPath), "the insert alone": leastPost("/insert") },
      target: 0.7,
    },
    {
      what: "inline run that reads ten rows",
      product: run(readerPath),
      baseline: { "a run without it": run(greetingPath), "the select alone": leastPost("/select") },
      target: 0.7,
    },
    {
      what: "page by hostname, of 100,000",
      product: ask("/", { Host: hostname, Accept: "text/html" }),
      baseline: { "by path": ask(greetingPath, { Accept: "text/html" }) },
      target: 0.95,
      rounds: 100,
    },
    {
      what: "run by hostname, of 100,000",
      product: run("", { Host: hostname, "X-App-Session-Id": sessions.get(greetingPath) ?? "" }),
      baseline: { "by path": run(greetingPath) },
      target: 0.95,
      rounds: 100,
    },
    {
      what: "durable run, accepted",
      product: run(greetingPath, { Prefer: "respond-async" }),
      baseline: { "a new object, 4 rows": leastPost("/object") },
      target: 0.3,
    },
    {
      what: "durable run, streamed to its end",
      product: run(greetingPath, { Accept: "text/event-stream" }),
      baseline: { "a new object, 4 rows": leastPost("/object") },
      target: 0.3,
    },
  ];
  // A process of its own: nothing else runs on its core.
  const speed = Number(execFileSync(process.execPath, [inRepository("bench/interpreter.ts")], { encoding: "utf8" }));
  const rows: Row[] = [
    {
      what: "interpreter, pure nodes",
      measured: `${Math.round(speed).toLocaleString("en")} nodes/s`,
      baseline: "",
      ratio: null,
      target: ">= 100,000 nodes/s",
      met: speed >= 100_000,
    },
  ];
  for (const comparison of comparisons) rows.push(await compare(comparison));
  const onCounted = (path: string): Target => ({ ...run(path), url: new URL(`${path}/runs`, counted.url) });
  rows.push(
    ...(await admissionRows({
      calls: new URL("/__calls", counted.url),
      ample: onCounted(greetingPath),
      scarce: onCounted(scarcePath),
      closed: onCounted(closedPath),
      metered: onCounted(meteredPath),
    })),
  );
  const failed = failures.length;
  rows.push({ what: "answers that failed", measured: String(failed), baseline: "", ratio: null, target: "0", met: failed === 0 });
  for (const failure of failures) console.log(failure);
  console.log(`\n${table(rows)}\n`);
  if (rows.some(({ met }) => !met)) process.exitCode = 1;
} finally {
  await Promise.all([product.close(), counted.close(), baselines.close(), admin.end()]);
  await stack.stop();
  rmSync(home, { recursive: true, force: true });
}

async function sessionOf(app: URL): Promise<string> {
  const response = await fetch(`${app.href}/runs`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  await response.body?.cancel();
  return response.headers.get("X-App-Session-Id") ?? "";
}

/** In turns, so that what else the machine does falls on both; the middle of the rounds' ratios counts. */
async function compare({ what, product: ours, baseline, target, rounds = ROUNDS }: Comparison): Promise<Row> {
  console.log(`Measuring: ${what} …`);
  await throughput(ours, 1_500);
  for (const part of Object.values(baseline)) await throughput(part, 500);
  const mine: number[] = [];
  const parts = Object.entries(baseline).map(([name, part]): Part => ({ name, part, rates: [] }));
  const turns = [
    async () => mine.push(await throughput(ours, ROUND_MS)),
    async () => {
      for (const { part, rates } of parts) rates.push(await throughput(part, ROUND_MS));
    },
  ];
  for (let round = 0; round < rounds; round += 1) {
    // What one leaves to be done behind its answers falls on the next: they take turns in that, too.
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
  }
  const floors = mine.map((_, round) => 1 / parts.reduce((seconds, { rates }) => seconds + 1 / (rates[round] ?? 0), 0));
  // Of each round by itself, since the machine is faster in one than in the next.
  const ratio = middle(mine.map((rate, round) => rate / (floors[round] ?? 0)));
  const shown = parts.map(({ name, rates }) => `${perSecond(middle(rates))}, ${name}`).join(" + ");
  return {
    what,
    measured: perSecond(middle(mine)),
    baseline: parts.length > 1 ? `${shown} = ${perSecond(middle(floors))}` : shown,
    ratio,
    target: `>= ${Math.round(target * 100)} %`,
    met: ratio >= target,
  };
}

function perSecond(rate: number): string {
  return `${Math.round(rate)}/s`;
}

/** The mean of the middle half: what else the machine did in some rounds does not count, and the others all do. */
function middle(values: readonly number[]): number {
  const quarter = Math.floor(values.length / 4);
  const half = values.toSorted((left, right) => left - right).slice(quarter, values.length - quarter);
  return half.reduce((sum, value) => sum + value, 0) / half.length;
}
