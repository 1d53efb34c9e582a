import type { Context } from "#platform/context";
import { joined } from "#platform/joined";
import type { EndedRun } from "#platform/objects/recorder";

/** What travels in one call at most: runs, and characters of their records. A call takes 32 MiB. */
const MOST = { runs: 16, characters: 8_000_000 };
/** Milliseconds after which a call is given up by those who wait to be next: its request may have been killed. */
const STALE_MS = 5_000;

/** Runs that share the next call. Whoever began it makes it. */
interface Batch {
  readonly runs: EndedRun[];
  characters: number;
  call?: Promise<void>;
}

interface Line {
  gathering: Batch | undefined;
  /** Never rejects. */
  calling: { readonly since: number; readonly done: Promise<void> } | undefined;
}

/** The calls of this isolate to each outbox. Module-level by purpose: it is runs of several requests that share one. */
const lines = new WeakMap<object, Map<string, Line>>();

function lineOf(namespace: object, outbox: string): Line {
  let known = lines.get(namespace);
  if (!known) {
    known = new Map();
    lines.set(namespace, known);
  }
  let line = known.get(outbox);
  if (!line) {
    line = { gathering: undefined, calling: undefined };
    known.set(outbox, line);
  }
  return line;
}

/**
 * Makes a run's record durable in an outbox. While a call is under way, the runs that end meanwhile gather and share the next
 * one (group commit), so that a busy outbox takes several runs in one transaction, and a quiet one each run at once. Rejects
 * for all who share a call when it fails; they may be repeated, each alone, since an outbox keeps one row a run.
 */
export async function commit(ctx: Context, outbox: string, run: EndedRun): Promise<void> {
  const line = lineOf(ctx.env.RECORDER, outbox);
  const batch = batchFor(line, run);
  batch.runs.push(run);
  batch.characters += run.record.length;
  while (batch.call === undefined && line.calling !== undefined && ctx.clock.now() - line.calling.since < STALE_MS) {
    await joined(line.calling.done);
  }
  batch.call ??= call(ctx, line, outbox, batch);
  return joined(batch.call);
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
  const calling = { since: ctx.clock.now(), done: made.then(land, land) };
  function land(): void {
    if (line.calling === calling) line.calling = undefined;
  }
  line.calling = calling;
  ctx.waitUntil(calling.done);
  return made;
}
