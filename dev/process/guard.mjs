/**
 * Outlives the process that started it for as long as it takes to stop what that process left behind. Standard input is
 * the life line: while it is open, lines `+<group> <signal>` and `-<group>` say which process groups exist; when it ends,
 * however the other side died, they are stopped. Plain JavaScript, so that it starts in no time.
 */
import { createInterface } from "node:readline";

const PATIENCE_MS = 8000;
const POLL_MS = 50;

/** @type {Map<number, NodeJS.Signals>} */
const groups = new Map();

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => undefined);

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const [group = "", signal] = line.slice(1).split(" ");
  if (line.startsWith("+")) groups.set(Number(group), /** @type {NodeJS.Signals} */ (signal));
  else groups.delete(Number(group));
});
lines.on("close", async () => {
  for (const [group, signal] of groups) send(group, signal);
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline && [...groups.keys()].some((group) => send(group, 0))) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  for (const group of groups.keys()) send(group, "SIGKILL");
  process.exit(0);
});

/**
 * Signals a whole process group; says whether there was one.
 * @param {number} group
 * @param {NodeJS.Signals | 0} signal
 */
function send(group, signal) {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
