import type { NodeLog } from "#platform/records";
import type { LoggedSide } from "../logged-values.ts";
import { forLog, type Logged, roomFor } from "../node-log.ts";
import { withinTime } from "./time-limit.ts";
import type { RunWorld } from "./world.ts";

/** Keeps the whole of a value that is too large for the log of node number `seq`. */
export type KeepValue = (seq: number, side: LoggedSide, json: string) => Promise<void>;

/** Milliseconds that keeping a value may take: a run does not wait for its logs any longer. */
const KEEP_MS = 10_000;
const NEVER = new AbortController().signal;

type LogValues = Pick<NodeLog, "inputs" | "outputs">;

/**
 * A node's values as its log shows them. What is too large is kept first, so that no log claims what is not there; nothing is
 * waited for where nothing is.
 */
export function logValues(world: RunWorld, seq: number, { inputs, outputs }: LogValues): LogValues | Promise<LogValues> {
  const room = roomFor(seq);
  const taken = forLog(inputs, world.secrecy.values, room);
  // Secrets are out of an output already.
  const given = forLog(outputs, [], room);
  if (taken.kind === "whole" && given.kind === "whole") return { inputs: taken.value, outputs: given.value };
  return Promise.all([kept(world, seq, "inputs", taken), kept(world, seq, "outputs", given)]).then(([inputs, outputs]) => ({
    inputs,
    outputs,
  }));
}

/** The value for the log, which says whether the whole can be read elsewhere. */
async function kept(world: RunWorld, seq: number, side: LoggedSide, logged: Logged): Promise<unknown> {
  const { keepValue, ctx, request } = world;
  if (logged.kind === "whole") return logged.value;
  try {
    await withinTime(KEEP_MS, NEVER, () => keepValue(seq, side, logged.json));
    return { ...logged.value, stored: true };
  } catch (error) {
    ctx.log.error("a large value of a node log could not be kept", error, { run_id: request.runId, seq, side });
    return { ...logged.value, stored: false };
  }
}
