import { readSettings } from "./stack/settings.ts";
import { startStack } from "./stack/start.ts";

/*
 * `npm run dev`: brings the stack up, says when it is ready, and takes it down again on Ctrl-C, SIGTERM, SIGHUP, or when the
 * process that started it is gone. What it cannot stop itself any more, the guard does.
 */

const say = (line: string) => console.log(line);
const interruption = new AbortController();
let code = 0;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // Asked twice: at once. The guard stops what is left.
    if (interruption.signal.aborted) process.exit(1);
    say("\nStopping …");
    interruption.abort();
  });
}
process.on("disconnect", () => interruption.abort());
// A terminal that is gone must not keep the stack from stopping.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

function fail(error: unknown): void {
  if (interruption.signal.aborted) return;
  code = 1;
  console.error(`\n${error instanceof Error ? error.message : String(error)}\n`);
  interruption.abort();
}

try {
  const stack = startStack({ settings: readSettings(process.env), say, fail, signal: interruption.signal });
  stack.ready.then((banner) => say(banner), fail);
  await new Promise<void>((resolve) => {
    if (interruption.signal.aborted) resolve();
    interruption.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await stack.stop();
} catch (error) {
  fail(error);
}
process.exit(code);
