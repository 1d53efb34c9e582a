import { z } from "zod";
import { writeUsage } from "#billing";
import { writeExecutions } from "#execution";
import type { Context } from "#platform/context";
import { isUnreachable, sqlState } from "#platform/db";
import type { RecordsMessage } from "#platform/env";
import { errorMessage } from "#platform/errors";
import type { OutboxRejection, OutboxRow } from "#platform/objects/recorder";
import { type ExecutionRecord, parseRunRecord, type RunRecord } from "#platform/records";
import { runtimeEvents } from "#platform/schema";
import { noteEnds, watchTraffic } from "#runtime";

const messageSchema: z.ZodType<RecordsMessage> = z.object({ outbox: z.string().min(1) });

/** Rows written in one go: some 100 runs make a few hundred rows, which is one comfortable statement a table. */
const BATCH = 100;
/** Seconds before a knock is repeated when the platform database could not be reached. */
const RETRY_DELAY = 5;

/** A message of the `records` queue. */
type Knock = Pick<Message, "body" | "ack" | "retry">;

/**
 * Answers the knocks of outboxes: pulls what waits in them, writes it to the platform database by deterministic ids, and
 * confirms. Several knocks of one outbox are one.
 */
export async function consumeRecords(ctx: Context, batch: readonly Knock[]): Promise<void> {
  const knocks = Map.groupBy(batch, (message) => messageSchema.parse(message.body).outbox);
  await Promise.all(
    Array.from(knocks, async ([outbox, messages]) => {
      try {
        await drain(ctx, outbox);
        for (const message of messages) message.ack();
      } catch (error) {
        ctx.log.error("records could not be written; they stay in their outbox", error, { outbox });
        for (const message of messages) message.retry({ delaySeconds: RETRY_DELAY });
      }
    }),
  );
}

async function drain(ctx: Context, outbox: string): Promise<void> {
  const recorder = ctx.env.RECORDER.getByName(outbox);
  for (;;) {
    const rows = await recorder.pull(BATCH);
    if (rows.length === 0) return;
    const { readable, unreadable } = read(rows);
    const { written, refused } = join([{ written: [], refused: unreadable }, await writeAll(ctx, readable)]);
    // Before the rows are confirmed: what ended runs owe others must not be lost with them.
    const records = recordsOf(readable, written);
    await noteEnds(ctx, records);
    const [parked] = await Promise.all([refused.length === 0 ? [] : recorder.reject(refused), recorder.confirm(written)]);
    const watching = watchTraffic(ctx, records).catch((error: unknown) => ctx.log.error("traffic could not be watched", error));
    await Promise.all([reportParked(ctx, outbox, readable, parked), watching]);
    // What was refused would only be pulled again: the rest waits for the next knock.
    if (refused.length > 0) return;
  }
}

function recordsOf(rows: readonly ReadRow[], written: readonly Pick<OutboxRow, "id">[]): ExecutionRecord[] {
  const ids = new Set(written.map(({ id }) => id));
  return rows.filter(({ id }) => ids.has(id)).map(({ record }) => record.execution);
}

/** A row with its record read. */
interface ReadRow {
  readonly id: string;
  readonly revision: number;
  readonly record: RunRecord;
}

interface Written {
  readonly written: Pick<OutboxRow, "id" | "revision">[];
  readonly refused: OutboxRejection[];
}

/** Writes rows together; when the database refuses the whole for one of them, each alone, so that its mates go on. */
async function writeAll(ctx: Context, rows: readonly ReadRow[]): Promise<Written> {
  if (rows.length === 0) return { written: [], refused: [] };
  try {
    await write(ctx, rows);
    return { written: rows.map(({ id, revision }) => ({ id, revision })), refused: [] };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const [row] = rows;
    if (row && rows.length === 1) return { written: [], refused: [{ id: row.id, revision: row.revision, error: errorMessage(error) }] };
    const parts = [];
    for (const single of rows) parts.push(await writeAll(ctx, [single]));
    return join(parts);
  }
}

function join(parts: readonly Written[]): Written {
  return { written: parts.flatMap((part) => part.written), refused: parts.flatMap((part) => part.refused) };
}

/** Reads what rows hold. A row written by other code than this, which this cannot read, is refused alone. */
function read(rows: readonly OutboxRow[]): { readable: ReadRow[]; unreadable: OutboxRejection[] } {
  const readable: ReadRow[] = [];
  const unreadable: OutboxRejection[] = [];
  for (const { id, revision, record } of rows) {
    try {
      readable.push({ id, revision, record: parseRunRecord(record) });
    } catch (error) {
      unreadable.push({ id, revision, error: errorMessage(error) });
    }
  }
  return { readable, unreadable };
}

async function write(ctx: Context, rows: readonly ReadRow[]): Promise<void> {
  await Promise.all([
    writeExecutions(ctx, rows),
    writeUsage(
      ctx,
      rows.map((row) => row.record),
    ),
  ]);
}

/**
 * Whether it is the record that cannot be written. A database that is away, or whose tables this code does not know
 * (SQLSTATE class 42: it was deployed before its migrations), says nothing about the record.
 */
function isRefusal(error: unknown): boolean {
  return !isUnreachable(error) && !sqlState(error)?.startsWith("42");
}

/** Makes parked records visible to the workspace's operators. */
async function reportParked(ctx: Context, outbox: string, rows: readonly ReadRow[], parked: readonly string[]): Promise<void> {
  const events = rows
    .filter((row) => parked.includes(row.id))
    .map(({ id, record: { execution } }) => ({
      id: `${id}:parked`,
      workspaceId: execution.workspace_id,
      appId: execution.app_id,
      executionId: id,
      type: "record.parked",
      payload: { outbox },
      occurredAt: new Date(ctx.clock.now()),
    }));
  if (events.length === 0) return;
  ctx.log.error("records were parked", new Error("the platform database refuses them"), { outbox, runs: parked });
  await ctx.db.insert(runtimeEvents).values(events).onConflictDoNothing();
}
