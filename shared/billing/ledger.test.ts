import { describe, expect, it } from "vitest";
import type { NodeLog } from "#platform/records";
import { usageEventsOf } from "./ledger.ts";

const MAY = Date.UTC(2026, 4, 1);

describe("what a run uses", () => {
  const log = (changes: Partial<NodeLog>): NodeLog => ({
    ...{ seq: 0, node_id: "n", node_type: "http", status: "completed", attempts: 1, inputs: {}, outputs: {}, error: null },
    ...{ input_tokens: 0, output_tokens: 0, started_at: MAY, duration_ms: 10 },
    ...changes,
  });
  const used = (outputs: Record<string, unknown> | null, logs: NodeLog[]) =>
    usageEventsOf({ id: "run_1", started_at: MAY, outputs }, logs).map(({ id, quantity }) => [id, quantity]);

  it("is one request, its tokens, the time it was at work and the bytes it answered with", () => {
    const logs = [
      log({ duration_ms: 40 }),
      log({ seq: 1, started_at: MAY + 20, duration_ms: 50, input_tokens: 3, output_tokens: 4 }),
      log({ seq: 2, node_type: "approval", started_at: MAY + 70, duration_ms: 86_400_000 }),
      log({ seq: 3, started_at: MAY + 86_400_070, duration_ms: 5 }),
    ];
    expect(used({ said: "é" }, logs)).toEqual([
      ["run_1:requests", 1],
      ["run_1:1:tokens", 7],
      ["run_1:run_ms", 75],
      ["run_1:egress_bytes", 13],
    ]);
  });

  it("is no more than it used where it failed", () => {
    expect(used(null, [log({ status: "failed", input_tokens: 9 })])).toEqual([
      ["run_1:requests", 1],
      ["run_1:0:tokens", 9],
      ["run_1:run_ms", 10],
    ]);
  });
});
