import { describe, expect, it } from "vitest";
import { fitRecord, type NodeLog, type RunRecord } from "./records.ts";

function log(seq: number, outputs: unknown): NodeLog {
  return {
    seq,
    node_id: `node_${seq}`,
    node_type: "template",
    status: "completed",
    attempts: 1,
    inputs: null,
    outputs,
    error: null,
    input_tokens: 3,
    output_tokens: 4,
    started_at: 0,
    duration_ms: 1,
  };
}

function recordOf(logs: NodeLog[]): RunRecord {
  return {
    execution: {
      id: "run_a",
      workspace_id: "wrk_a",
      app_id: "app_a",
      version_id: "apv_a",
      trigger: "visitor",
      status: "completed",
      session_id: null,
      api_key_id: null,
      inputs: {},
      outputs: {},
      error: null,
      usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 },
      started_at: 0,
      finished_at: 1,
    },
    node_logs: logs,
    usage_events: [],
    runtime_events: [],
  };
}

describe("fitRecord", () => {
  it("leaves a record that fits as it is", () => {
    const record = recordOf([log(0, "small")]);
    expect(fitRecord(record)).toBe(record);
  });

  it("gives up the largest payloads first, and keeps what accounting needs", () => {
    const record = recordOf([log(0, "small"), log(1, "長".repeat(400_000)), log(2, "x".repeat(900_000))]);
    const fitted = fitRecord(record);
    expect(new TextEncoder().encode(JSON.stringify(fitted)).length).toBeLessThan(1_500_000);
    expect(fitted.node_logs.map((one) => typeof one.outputs)).toEqual(["string", "object", "string"]);
    expect(fitted.node_logs.map((one) => one.output_tokens)).toEqual([4, 4, 4]);
  });
});
