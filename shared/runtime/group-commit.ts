import type { Context } from "#platform/context";
import { joined } from "#platform/joined";
import { Registry } from "#platform/lease/registry";
import type { EndedRun } from "#platform/objects/recorder";

/** What travels in one call at most: runs, and characters of their records. A call takes 32 MiB. */
const MOST = { runs: 16, characters: 8_000_000 };
/** Runs that share the next call. Whoever began it makes it. */
interface Batch {
  readonly runs: EndedRun[];
  characters: number;
  call?: Promise<void>;
}

interface Line {
  gathering: Batch | undefined;
  /** The end of the call that is under way. Never rejects. */
  calling: Promise<void> | undefined;
}

/** The calls of this isolate to each outbox. Module-level by purpose: it is runs of several requests that share one. */
const lines = new Registry<Line>(() => ({ gathering: undefined, calling: undefined }));

/**
 * Makes a run's record durable in an outbox. While a call is under way, the runs that end meanwhile gather and share the next
 * one (group commit), so that a busy outbox takes several runs in one transaction, and a quiet one each run at once. Rejects
 * for all who share a call when it fails, and when the request that was to make it is gone; they may be repeated, each alone,
 * since an outbox keeps one row a run.
 */
export async function commit(ctx: Context, outbox: string, run: EndedRun): Promise<void> {
  const line = lines.of(ctx.env.RECORDER, outbox);
  const batch = batchFor(line, run);
  batch.runs.push(run);
  batch.characters += run.record.length;
  while (batch.call === undefined && line.calling !== undefined) await over(line, line.calling);
  if (batch.call !== undefined) return joined(batch.call);
  batch.call = call(ctx, line, outbox, batch);
  return batch.call;
}

/** Waits for the call ahead; one that does not end in time is given up, since its request may have been killed. */
async function over(line: Line, ahead: Promise<void>): Promise<void> {
  await joined(ahead).catch(() => {
    if (line.calling === ahead) line.calling = undefined;
  });
}

function batchFor(line: Line, { record }: EndedRun): Batch {
  const open = line.gathering;
  if (open && open.runs.length < MOST.runs && open.characters + record.length <= MOST.characters) return open;
  line.gathering = { runs: [], characters: 0 };
  return line.gathering;
}

/** It lives on with its request even when its visitor has gone, since others wait for it. */
function call(ctx: Context, line: Line, outbox: string, batch: Batch): Promise<void> {
  if (line.gathering === batch) line.gathering = undefined;
  const made = ctx.env.RECORDER.getByName(outbox).appendAll(batch.runs);
  const land = () => {
    if (line.calling === calling) line.calling = undefined;
  };
  const calling: Promise<void> = made.then(land, land);
  line.calling = calling;
  ctx.waitUntil(calling);
  return made;
}
