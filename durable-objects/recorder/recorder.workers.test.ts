import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { OutboxRow, RecorderApi } from "#platform/objects/recorder";
import { parseRunRecord, type RunRecord } from "#platform/records";

declare global {
  namespace Cloudflare {
    interface Env {
      RECORDER: DurableObjectNamespace<RecorderApi & Rpc.DurableObjectBranded>;
    }
  }
}

let outboxes = 0;
function newRecorder() {
  outboxes += 1;
  return env.RECORDER.getByName(`wrk_test:${outboxes}`);
}

function record(id: string, changes: Partial<RunRecord["execution"]> = {}): RunRecord {
  return {
    execution: {
      id,
      workspace_id: "wrk_test",
      app_id: "app_test",
      version_id: "apv_test",
      trigger: "visitor",
      status: "completed",
      session_id: null,
      api_key_id: null,
      inputs: { word: "you" },
      outputs: { said: "hello" },
      error: null,
      usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
      started_at: 1_000,
      finished_at: 2_000,
      ...changes,
    },
    node_logs: [],
    usage_events: [],
    runtime_events: [],
  };
}

/** What a pulled row says of its run. */
const execution = (row: OutboxRow | undefined) => parseRunRecord(row?.record ?? "").execution;

const running = (id: string) => record(id, { status: "running", outputs: null, finished_at: null });
const inAMinute = () => Date.now() + 60_000;

describe("Recorder", () => {
  it("keeps what was appended until it is confirmed, and forgets it then", async () => {
    const recorder = newRecorder();
    await recorder.append(record("run_a"));
    await recorder.append(record("run_b"));
    const rows = await recorder.pull(10);
    expect(rows.map((row) => row.id)).toEqual(["run_a", "run_b"]);
    expect(await recorder.pull(10)).toHaveLength(2);
    await recorder.confirm(rows.slice(0, 1));
    expect((await recorder.pull(10)).map((row) => row.id)).toEqual(["run_b"]);
    expect(await recorder.find("run_a")).toBeNull();
    expect(parseRunRecord((await recorder.find("run_b")) ?? "")).toEqual(record("run_b"));
  });

  it("survives eviction", async () => {
    const recorder = newRecorder();
    await recorder.append(record("run_a"));
    await evictDurableObject(recorder);
    expect((await recorder.pull(10)).map(execution)).toEqual([record("run_a").execution]);
  });

  it("appends the same run twice as one row", async () => {
    const recorder = newRecorder();
    await recorder.append(record("run_a"));
    await recorder.append(record("run_a"));
    expect(await recorder.pull(10)).toHaveLength(1);
  });

  it("lets the end of a run replace its beginning, also when the beginning was written already", async () => {
    const recorder = newRecorder();
    await recorder.open(running("run_a"), inAMinute());
    const begun = await recorder.pull(10);
    await recorder.confirm(begun);
    expect(await recorder.counts()).toEqual({ waiting: 0, open: 1, parked: 0 });
    await recorder.append(record("run_a"));
    const [ended] = await recorder.pull(10);
    expect(execution(ended).status).toBe("completed");
    expect(ended?.revision).toBeGreaterThan(begun[0]?.revision ?? 0);
    expect(await recorder.counts()).toEqual({ waiting: 1, open: 0, parked: 0 });
  });

  it("ignores a confirmation of an older revision", async () => {
    const recorder = newRecorder();
    await recorder.open(running("run_a"), inAMinute());
    const begun = await recorder.pull(10);
    await recorder.append(record("run_a"));
    await recorder.confirm(begun);
    expect((await recorder.pull(10)).map((row) => execution(row).status)).toEqual(["completed"]);
  });

  it("records a run as interrupted when its deadline passes in silence", async () => {
    const recorder = newRecorder();
    await recorder.open(running("run_a"), Date.now() - 1);
    await runDurableObjectAlarm(recorder);
    const [row] = await recorder.pull(10);
    expect(execution(row)).toMatchObject({ status: "interrupted", error: { code: "interrupted" } });
    expect(await recorder.counts()).toMatchObject({ open: 0 });
  });

  it("takes the result of a run that ends after it was given up", async () => {
    const recorder = newRecorder();
    await recorder.open(running("run_a"), Date.now() - 1);
    await runDurableObjectAlarm(recorder);
    const given = await recorder.pull(10);
    await recorder.confirm(given);
    await recorder.append(record("run_a"));
    const [row] = await recorder.pull(10);
    expect(execution(row).status).toBe("completed");
    expect(row?.revision).toBeGreaterThan(given[0]?.revision ?? 0);
  });

  it("parks a record that is refused again and again, and lets its mates go on", async () => {
    const recorder = newRecorder();
    await recorder.append(record("run_bad"));
    await recorder.append(record("run_good"));
    const refuse = async () => {
      const [row] = (await recorder.pull(10)).filter((one) => one.id === "run_bad");
      return row ? recorder.reject([{ id: row.id, revision: row.revision, error: "no" }]) : [];
    };
    for (let refusal = 1; refusal <= 4; refusal += 1) expect(await refuse()).toEqual([]);
    expect(await refuse()).toEqual(["run_bad"]);
    expect((await recorder.pull(10)).map((row) => row.id)).toEqual(["run_good"]);
    expect(await recorder.counts()).toEqual({ waiting: 1, open: 0, parked: 1 });
  });

  it("keeps a record of any size, and none of it once it is confirmed", async () => {
    const recorder = newRecorder();
    const large = record("run_a", { inputs: { text: `${"x".repeat(1_999_000)}${"長👍".repeat(600_000)}` } });
    await recorder.append(running("run_a"), 1);
    await recorder.append(large);
    await recorder.append(running("run_a"), 2);
    expect(parseRunRecord((await recorder.find("run_a")) ?? "")).toEqual(large);
    const rows = await recorder.pull(10);
    expect(rows.map(execution)).toEqual([large.execution]);
    await recorder.confirm(rows);
    expect(await recorder.find("run_a")).toBeNull();
    await recorder.append(record("run_a"));
    expect(parseRunRecord((await recorder.find("run_a")) ?? "")).toEqual(record("run_a"));
  });

  it("carries a bounded amount in one pull", async () => {
    const recorder = newRecorder();
    for (const id of ["run_a", "run_b", "run_c"]) await recorder.append(record(id, { inputs: { text: "x".repeat(1_900_000) } }));
    expect(await recorder.pull(10)).toHaveLength(2);
  });
});
