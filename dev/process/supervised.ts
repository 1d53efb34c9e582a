import type { ManagedProcess } from "./managed-process.ts";
import { untilRuntimeEnds } from "./wrangler-runtime.ts";

export interface SupervisedOptions {
  /** As it is called in messages. */
  readonly name: string;
  readonly start: () => Promise<ManagedProcess>;
  /** The port of a `wrangler` process, whose runtime is then watched too. */
  readonly port?: number;
  readonly say: (line: string) => void;
  /** It keeps dying: the stack cannot go on. */
  readonly onGiveUp: (error: Error) => void;
}

export interface Supervised {
  stop(): Promise<void>;
  /** The end of what the running process has logged. */
  tail(): Promise<string>;
}

/** So many ends within so long (ms), and it is given up. A runtime that had come up does not count: somebody killed it. */
const MAX_ENDS = 5;
const ENDS_WINDOW_MS = 60_000;

/** Keeps a process running: starts it again when it ends, and gives up when that does not help. */
export async function supervise(options: SupervisedOptions): Promise<Supervised> {
  const ends: number[] = [];
  const stopping = new AbortController();
  let current = await options.start();

  const keeping = (async () => {
    while (!stopping.signal.aborted) {
      const { reason, cameUp } = await untilDead(current, options.port, stopping.signal);
      if (stopping.signal.aborted) return;
      const tail = await current.tail();
      // What is left of its group would hold its port.
      await current.stop();
      if (!cameUp) ends.push(Date.now());
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

interface Death {
  readonly reason: string;
  /** Whether the runtime of a `wrangler` process had come up. */
  readonly cameUp: boolean;
}

/** Resolves once the process or its runtime has ended, or when `signal` aborts. */
async function untilDead(child: ManagedProcess, port: number | undefined, signal: AbortSignal): Promise<Death> {
  const over = new AbortController();
  let cameUp = false;
  const onUp = () => {
    cameUp = true;
  };
  const aborted = new Promise<string>((resolve) => signal.addEventListener("abort", () => resolve("stopped"), { once: true }));
  const ends = [child.exited, aborted, ...(port === undefined ? [] : [untilRuntimeEnds(port, over.signal, onUp)])];
  try {
    return { reason: await Promise.race(ends), cameUp };
  } finally {
    over.abort();
  }
}
