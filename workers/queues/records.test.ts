import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { getRun, listNodeLogs, listRuns } from "#execution";
import { systemClock, systemRandom } from "#platform/clock";
import { type Context, createContext } from "#platform/context";
import { errorCode } from "#platform/errors";
import { newId } from "#platform/ids";
import type { OutboxRejection, OutboxRow } from "#platform/objects/recorder";
import type { RunRecord } from "#platform/records";
import { billingUsageEvents } from "#platform/schema";
import { type Platform, startPlatform } from "../api/testing/platform.ts";
import { consumeRecords } from "./records.ts";

const OUTBOX = "wrk_a:local";

let platform: Platform;
let workspaceId: string;
let outbox: MemoryOutbox;

beforeAll(async () => {
  platform = await startPlatform();
}, 60_000);
afterAll(() => platform.stop());
beforeEach(() => {
  workspaceId = newId("workspace", systemClock, systemRandom);
  outbox = new MemoryOutbox();
});

/** An outbox at the object's interface: what the consumer needs of it, and what it was told. */
class MemoryOutbox {
  readonly rows = new Map<string, OutboxRow>();
  readonly rejected: OutboxRejection[] = [];

  put(record: RunRecord | string, revision = 3, id = typeof record === "string" ? "run_x" : record.execution.id): void {
    this.rows.set(id, { id, revision, record: typeof record === "string" ? record : JSON.stringify(record) });
  }
  async pull(limit: number): Promise<OutboxRow[]> {
    return [...this.rows.values()].slice(0, limit);
  }
  async confirm(rows: readonly Pick<OutboxRow, "id" | "revision">[]): Promise<void> {
    for (const { id } of rows) this.rows.delete(id);
  }
  async reject(rows: readonly OutboxRejection[]): Promise<string[]> {
    this.rejected.push(...rows);
    return [];
  }
}

function contextWith(changes: Record<string, unknown> = {}): Context {
  const env = Object.assign({}, platform.env, { RECORDER: { getByName: () => outbox } }, changes);
  return createContext(env, { waitUntil: () => undefined });
}

/** Knocks once and gives back what became of the message. */
async function knock(ctx = contextWith()): Promise<"acked" | "retried"> {
  let fate: "acked" | "retried" | undefined;
  const message = {
    body: { outbox: OUTBOX },
    ack: () => {
      fate = "acked";
    },
    retry: () => {
      fate = "retried";
    },
  };
  await consumeRecords(ctx, [message]);
  if (fate === undefined) throw new Error("the message was neither acknowledged nor retried");
  return fate;
}

function record(changes: Partial<RunRecord["execution"]> = {}, log: Partial<RunRecord["node_logs"][number]> = {}): RunRecord {
  const id = newId("run", systemClock, systemRandom);
  return {
    execution: {
      id,
      workspace_id: workspaceId,
      app_id: "app_a",
      version_id: "apv_a",
      trigger: "visitor",
      status: "completed",
      session_id: null,
      api_key_id: null,
      inputs: { word: "you" },
      outputs: { said: "hello" },
      error: null,
      usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
      started_at: Date.UTC(2026, 10, 1),
      finished_at: Date.UTC(2026, 10, 1) + 20,
      ...changes,
    },
    node_logs: [
      {
        seq: 0,
        node_id: "start",
        node_type: "start",
        status: "completed",
        attempts: 1,
        inputs: {},
        outputs: {},
        error: null,
        input_tokens: 0,
        output_tokens: 0,
        started_at: Date.UTC(2026, 10, 1),
        duration_ms: 1,
        ...log,
      },
    ],
    usage_events: [{ id: `${changes.id ?? id}:requests`, meter: "requests", quantity: 1, occurred_at: Date.UTC(2026, 10, 1) }],
    runtime_events: [],
  };
}

const page = { limit: 10, cursor: undefined };
const ledger = (ctx: Context) => ctx.db.select().from(billingUsageEvents);

describe("records on their way to the platform database", () => {
  it("are written with their logs and usage, and confirmed", async () => {
    const one = record();
    outbox.put(one);
    expect(await knock()).toBe("acked");
    expect(outbox.rows.size).toBe(0);
    const ctx = contextWith();
    expect(await getRun(ctx, workspaceId, one.execution.id)).toMatchObject({
      status: "completed",
      outputs: { said: "hello" },
      duration_ms: 20,
    });
    expect(await listNodeLogs(ctx, workspaceId, one.execution.id)).toMatchObject([{ node_id: "start", status: "completed" }]);
    expect((await ledger(ctx)).filter((row) => row.executionId === one.execution.id)).toMatchObject([{ meter: "requests", quantity: 1 }]);
  });

  it("are the same rows after a second delivery", async () => {
    const one = record();
    for (let delivery = 0; delivery < 2; delivery += 1) {
      outbox.put(one);
      expect(await knock()).toBe("acked");
    }
    const ctx = contextWith();
    expect((await listRuns(ctx, workspaceId, "app_a", page)).data).toHaveLength(1);
    expect(await listNodeLogs(ctx, workspaceId, one.execution.id)).toHaveLength(1);
    expect((await ledger(ctx)).filter((row) => row.executionId === one.execution.id)).toHaveLength(1);
  });

  it("never go back to what they were: a late beginning does not undo an end", async () => {
    const ended = record();
    outbox.put(ended);
    await knock();
    outbox.put({ ...ended, execution: { ...ended.execution, status: "running", outputs: null, finished_at: null } }, 1);
    expect(await knock()).toBe("acked");
    expect(await getRun(contextWith(), workspaceId, ended.execution.id)).toMatchObject({ status: "completed" });
  });

  it("go on without the one that the database refuses, which is told why", async () => {
    const [before, poison, after] = [record(), record({}, { duration_ms: 5_000_000_000 }), record()];
    for (const one of [before, poison, after]) outbox.put(one);
    expect(await knock()).toBe("acked");
    expect([...outbox.rows.keys()]).toEqual([poison.execution.id]);
    expect(outbox.rejected).toMatchObject([{ id: poison.execution.id, revision: 3 }]);
    const { data } = await listRuns(contextWith(), workspaceId, "app_a", page);
    expect(data.map((run) => run.id).sort()).toEqual([before.execution.id, after.execution.id].sort());
  });

  it("go on without one that cannot be read", async () => {
    const good = record();
    outbox.put(good);
    outbox.put('{"execution":{"id":"run_x"}}');
    expect(await knock()).toBe("acked");
    expect(outbox.rejected).toMatchObject([{ id: "run_x" }]);
    expect(await getRun(contextWith(), workspaceId, good.execution.id)).toMatchObject({ status: "completed" });
  });

  it("stay where they are while the database is away", async () => {
    const one = record();
    outbox.put(one);
    const away = contextWith({ DATABASE_URL: "postgresql://nobody:nothing@127.0.0.1:1/none" });
    expect(await knock(away)).toBe("retried");
    expect([...outbox.rows.keys()]).toEqual([one.execution.id]);
    expect(outbox.rejected).toEqual([]);
    expect(await knock()).toBe("acked");
    expect(outbox.rows.size).toBe(0);
  });
});

describe("runs", () => {
  it("are listed newest first, page by page, and only to their own workspace", async () => {
    for (let run = 0; run < 5; run += 1) outbox.put(record());
    await knock();
    const ctx = contextWith();
    const first = await listRuns(ctx, workspaceId, "app_a", { limit: 3, cursor: undefined });
    const second = await listRuns(ctx, workspaceId, "app_a", { limit: 3, cursor: first.next_cursor ?? "" });
    const ids = [...first.data, ...second.data].map((run) => run.id);
    expect(ids).toEqual([...ids].sort().reverse());
    expect([first.data.length, second.data.length, second.next_cursor]).toEqual([3, 2, null]);

    const other = newId("workspace", systemClock, systemRandom);
    expect((await listRuns(ctx, other, "app_a", page)).data).toEqual([]);
    const attempts = [getRun(ctx, other, ids[0] ?? ""), listNodeLogs(ctx, other, ids[0] ?? "")];
    const codes = await Promise.all(attempts.map((attempt) => attempt.catch((error: unknown) => errorCode(error))));
    expect(codes).toEqual(["not_found", "not_found"]);
  });
});
