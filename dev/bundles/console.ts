import { isBuilt } from "../../console/build.ts";
import { withLock } from "../process/file-lock.ts";
import { runToEnd } from "../process/managed-process.ts";
import { inRepository } from "../repository.ts";

/** Builds the console when a source is newer than the output; two stacks of one clone do not build at the same time. */
export async function buildConsole(say: (line: string) => void): Promise<void> {
  await withLock(inRepository("build/console.lock"), async () => {
    if (await isBuilt()) return;
    say("Building the console …");
    await runToEnd({ command: process.execPath, args: [inRepository("console/build.ts")], logFile: inRepository("build/console.log") });
  });
}
