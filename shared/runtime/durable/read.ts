import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { type LiveRun, parseLiveRun } from "#platform/objects/durable-run";
import { fullJitter } from "#platform/retry";
import { isDurableRunId } from "../run-id.ts";
import { durableRun } from "./start.ts";

const READ_ATTEMPTS = 3;
const READ_BACKOFF = { base: 100, cap: 1_000 };

interface ReadOptions {
  /** Waits this long (ms) for the run to have ended, or to wait. */
  readonly waitMs?: number;
  /** With the logs of the nodes that have ended; not together with `waitMs`. */
  readonly nodeLogs?: boolean;
}

/** The run as its object has it; `null` when it has none (any more). Throws `upstream_unavailable`. */
export async function readObject(ctx: Context, runId: string, { waitMs = 0, nodeLogs = false }: ReadOptions = {}): Promise<LiveRun | null> {
  if (!isDurableRunId(runId)) return null;
  const deadline = ctx.clock.now() + waitMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const left = Math.max(0, deadline - ctx.clock.now());
      const object = durableRun(ctx, runId);
      const live = parseLiveRun(await (waitMs === 0 ? object.read({ nodeLogs }) : object.settled(left)));
      // Objects are named by a part of the id alone, and a key's object may have another run by now.
      return live?.execution.id === runId ? live : null;
    } catch (cause) {
      if (attempt === READ_ATTEMPTS) {
        throw new AppError("upstream_unavailable", "The run goes on, but it cannot be read right now.", { cause, retryAfter: 2 });
      }
      await new Promise((resolve) => setTimeout(resolve, fullJitter(attempt, READ_BACKOFF, ctx.random)));
    }
  }
}
