import { type RunView, viewOfRecord } from "#execution";
import type { Context } from "#platform/context";
import { AppError } from "#platform/errors";
import { callObject } from "#platform/lease/call-object";
import { readObject } from "../durable/read.ts";
import { durableRun } from "../durable/start.ts";
import type { FoundMemberRun } from "./find.ts";

/** Milliseconds that a cancelled run is waited for: its nodes are aborted at once, so that it seldom takes any. */
const SETTLES_WITHIN = 3_000;

/** Cancels a run, and gives it as it is then. Throws `invalid_state` when it had ended, and `upstream_unavailable`. */
export async function cancelRun(ctx: Context, { run, source }: FoundMemberRun): Promise<RunView> {
  const cancelled = source === "object" && (await callObject(() => durableRun(ctx, run.id).cancel(), "The run"));
  if (!cancelled) throw new AppError("invalid_state", "The run has ended already.");
  const live = await readObject(ctx, run.id, { waitMs: SETTLES_WITHIN });
  return live ? viewOfRecord(live.execution) : run;
}
