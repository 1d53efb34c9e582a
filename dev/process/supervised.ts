import type { ManagedProcess } from "./managed-process.ts";

export interface SupervisedOptions {
  /** As it is called in messages. */
  readonly name: string;
  readonly start: () => Promise<ManagedProcess>;
  /** Whether it answers; without it only its end is noticed. */
  readonly probe?: () => Promise<ProbeResult>;
  readonly say: (line: string) => void;
  /** It keeps dying: the stack cannot go on. */
  readonly onGiveUp: (error: Error) => void;
}

/** `refused`: nothing listens. `silent`: something listens and does not answer in time. */
export type ProbeResult = "ok" | "refused" | "silent";

export interface Supervised {
  stop(): Promise<void>;
  /** The end of what the running process has logged. */
  tail(): Promise<string>;
}

const PROBE_INTERVAL_MS = 1000;
/** Failed probes in a row that count as dead. A busy machine may be silent for a while; nobody refuses by mistake. */
const PATIENCE: Readonly<Record<Exclude<ProbeResult, "ok">, number>> = { refused: 2, silent: 3 };
/** A process that has just started is not expected to answer yet, in milliseconds. */
const START_GRACE_MS = 30_000;
/** So many ends within so long (ms), and it is given up. */
const MAX_ENDS = 5;
const ENDS_WINDOW_MS = 60_000;

/** Keeps a process running: starts it again when it ends or stops answering, and gives up when that does not help. */
export async function supervise(options: SupervisedOptions): Promise<Supervised> {
  const ends: number[] = [];
  const stopping = new AbortController();
  let current = await options.start();

  const keeping = (async () => {
    while (!stopping.signal.aborted) {
      const reason = await untilDead(current, options.probe, stopping.signal);
      if (stopping.signal.aborted) return;
      const tail = await current.tail();
      // What is left of its group would hold its port.
      await current.stop();
      ends.push(Date.now());
      if (ends.filter((at) => at > Date.now() - ENDS_WINDOW_MS).length > MAX_ENDS) {
        options.onGiveUp(new Error(`${options.name} keeps ending (${reason}):\n${tail}`));
        return;
      }
      options.say(`${options.name} ended (${reason}); starting it again`);
      current = await options.start();
    }
  })();
  keeping.catch((error: unknown) => options.onGiveUp(error instanceof Error ? error : new Error(String(error))));

  return {
    async stop() {
      stopping.abort();
      await current.stop();
      await keeping.catch(() => undefined);
      // A start that was under way when we were told to stop.
      await current.stop();
    },
    tail: () => current.tail(),
  };
}

/** Resolves with the reason once the process has ended or does not answer any more, or when `signal` aborts. */
async function untilDead(child: ManagedProcess, probe: SupervisedOptions["probe"], signal: AbortSignal): Promise<string> {
  const over = new AbortController();
  const aborted = new Promise<string>((resolve) => signal.addEventListener("abort", () => resolve("stopped"), { once: true }));
  const unresponsive = probe === undefined ? new Promise<string>(() => undefined) : untilUnresponsive(probe, over.signal);
  try {
    return await Promise.race([child.exited, aborted, unresponsive]);
  } finally {
    over.abort();
  }
}

async function untilUnresponsive(probe: () => Promise<ProbeResult>, signal: AbortSignal): Promise<string> {
  const started = Date.now();
  let wasWell = false;
  let failures = 0;
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, PROBE_INTERVAL_MS));
    const result = await probe();
    failures = result === "ok" ? 0 : failures + 1;
    wasWell ||= result === "ok";
    const expected = wasWell || Date.now() - started > START_GRACE_MS;
    if (result !== "ok" && expected && failures >= PATIENCE[result])
      return `${result === "refused" ? "refuses connections" : "does not answer"}`;
  }
  return "stopped";
}
